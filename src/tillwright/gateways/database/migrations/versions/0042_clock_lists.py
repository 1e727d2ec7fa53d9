"""What lives on test clocks is in no plain list: mirrors that were filled before read the clocks' lists, too."""

from alembic import op

from tillwright.gateways.database.tables import SCHEMA

revision = "0042"
down_revision = "0041"

_LISTS = "not livemode and object in ('customer', 'subscription', 'quote')"


def upgrade() -> None:
    op.execute(
        f"insert into {SCHEMA}.mirror_ranges (organisation_id, livemode, object, number, position, state, parent_id, "  # noqa: S608 - constants
        "next_at, updated) select b.organisation_id, b.livemode, b.object, coalesce((select max(number) from "
        f"{SCHEMA}.mirror_ranges r where r.organisation_id = b.organisation_id and r.livemode = b.livemode "
        "and r.object = b.object), 0) + 1, b.position, 'WAITING', '', now(), now() "
        f"from {SCHEMA}.mirror_backfills b where {_LISTS} and state in ('WAITING', 'RUNNING', 'DONE')"
    )
    op.execute(
        f"update {SCHEMA}.mirror_backfills set state = 'RUNNING', finished = null where {_LISTS} and state = 'DONE'"  # noqa: S608 - constants
    )
