"""Who works on a thing that only one may work on at a time, such as a charge that is refunded."""

from alembic import op

from tillwright.gateways.database.tables import tenant_table

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    tenant_table(
        op,
        "leases",
        """name text not null,
        holder text not null,
        ends timestamptz not null,
        primary key (organisation_id, name)""",
    )
