"""The notice before a renewal: once for each period, apart from the notices before an end."""

from alembic import op

from tillwright.gateways.database.tables import tenant_table

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    # The key is the promise: one notice for a period, whoever tries it and however often.
    tenant_table(
        op,
        "entitlement_renewal_notices",
        """entitlement_id text not null references entitlements(id) on delete cascade,
        renews timestamptz not null,
        days_left integer not null,
        created timestamptz not null,
        primary key (organisation_id, entitlement_id, renews)""",
        grants="select, insert, delete",
    )
