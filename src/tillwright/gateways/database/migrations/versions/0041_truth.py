"""What the mirror says of itself: pages of a comparison, when an event last told of a type, what a gap left open."""

from alembic import op

from tillwright.gateways.database.tables import SCHEMA

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    # How long a round of the proof takes follows from its pages: a list by parents asks one for each of them.
    op.execute(
        f"alter table {SCHEMA}.mirror_proofs add column pages bigint not null default 0, "
        "add column proven_pages bigint not null default 0"
    )
    op.execute(f"update {SCHEMA}.mirror_proofs set proven_pages = (proven_rows + 99) / 100")  # noqa: S608 - a constant
    op.execute(f"alter table {SCHEMA}.mirror_counts add column heard timestamptz")
    op.execute(f"alter table {SCHEMA}.event_polls add column gap_without text[] not null default '{{}}'")
