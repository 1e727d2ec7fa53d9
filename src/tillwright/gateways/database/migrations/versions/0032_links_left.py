"""Access to users' own accounts that Stripe did not take back yet when an integration was deleted."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("alter table unfinished_removals add column links jsonb not null default '[]'")
