"""The keys an integration had before, for as long as both are good."""

from alembic import op

from tillwright.gateways.database.tables import definer_function

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("alter table integrations add column previous jsonb")
    definer_function(
        op,
        "organisations_with_keys_over(at timestamptz)",
        "table (organisation_id text)",
        """select distinct organisation_id from integrations
           where previous is not null and (previous ->> 'until')::timestamptz <= at""",
    )
