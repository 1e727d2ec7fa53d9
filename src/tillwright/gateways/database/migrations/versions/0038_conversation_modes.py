"""A conversation belongs to one mode: that of the account it is about."""

from alembic import op

from tillwright.gateways.database.tables import SCHEMA

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.execute(f"alter table {SCHEMA}.assistant_conversations add column livemode boolean")
    op.execute(
        f"update {SCHEMA}.assistant_conversations c set livemode = i.livemode from {SCHEMA}.integrations i "  # noqa: S608 - a constant
        "where i.organisation_id = c.organisation_id and i.partner = 'STRIPE'"
    )
    # Of what is connected no more nobody can say it; such conversations went with their integration anyway.
    op.execute(f"delete from {SCHEMA}.assistant_conversations where livemode is null")  # noqa: S608 - the same
    op.execute(f"alter table {SCHEMA}.assistant_conversations alter column livemode set not null")
