"""Writes of open outcome are looked through before each refund."""

from alembic import op

from tillwright.gateways.database.tables import SCHEMA

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.execute(f"create index effects_open on {SCHEMA}.effects (organisation_id) where state in ('PENDING', 'UNKNOWN')")
