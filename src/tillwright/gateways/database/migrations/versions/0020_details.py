"""What a partner's integration has besides keys, such as the mail server's name and port."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("alter table integrations add column details jsonb not null default '{}'")
