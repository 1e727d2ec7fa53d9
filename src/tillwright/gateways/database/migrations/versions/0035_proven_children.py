"""Lists with one request a parent are proven too: how far a pass is says whose list it is at."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("alter table mirror_proofs add column parent_id text")
    op.execute(
        "insert into mirror_proofs (organisation_id, livemode, object, next_at) select organisation_id, livemode, "
        "object, now() from mirror_backfills where state = 'DONE' on conflict do nothing"
    )
