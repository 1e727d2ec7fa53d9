"""When each integration is verified again by itself."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    tenant_table(
        op,
        "verification_watches",
        """partner text not null,
        service text not null,
        due timestamptz not null,
        suspected timestamptz,
        primary key (organisation_id, partner, service)""",
        indexes=["(due)"],
    )
    definer_function(
        op,
        "organisations_to_verify(at timestamptz)",
        "table (organisation_id text)",
        "select organisation_id from verification_watches where due <= at group by organisation_id order by min(due)",
    )
