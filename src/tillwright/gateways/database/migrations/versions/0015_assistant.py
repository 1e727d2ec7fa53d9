"""The assistant: what each user allows it to show, and how much each has asked."""

from alembic import op

from tillwright.gateways.database.tables import tenant_table

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    tenant_table(
        op,
        "assistant_choices",
        """user_id text not null,
        personal boolean not null,
        updated timestamptz not null,
        primary key (organisation_id, user_id)""",
    )
    tenant_table(
        op,
        "assistant_questions",
        """user_id text not null,
        minute timestamptz not null,
        count integer not null,
        primary key (organisation_id, user_id, minute)""",
    )
