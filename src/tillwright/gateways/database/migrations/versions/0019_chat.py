"""The chat: the organisation's model, each user's conversations, and the tokens spent."""

from alembic import op

from tillwright.gateways.database.tables import tenant_table

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    tenant_table(
        op,
        "assistant_models",
        """base text not null,
        model text not null,
        hint text not null,
        sealed bytea,
        updated_by text not null,
        updated timestamptz not null,
        primary key (organisation_id)""",
    )
    tenant_table(
        op,
        "assistant_conversations",
        """id text primary key,
        user_id text not null,
        title text not null,
        via text not null,
        created timestamptz not null,
        updated timestamptz not null""",
        indexes=["(organisation_id, user_id, updated)"],
    )
    tenant_table(
        op,
        "assistant_turns",
        """number bigint generated always as identity primary key,
        conversation_id text not null references assistant_conversations(id) on delete cascade,
        role text not null check (role in ('user', 'assistant', 'tool')),
        body jsonb not null,
        created timestamptz not null""",
        indexes=["(conversation_id, number)"],
    )
    tenant_table(
        op,
        "assistant_usage",
        """hour timestamptz not null,
        user_id text not null,
        provider text not null,
        model text not null,
        read bigint not null,
        written bigint not null,
        count integer not null,
        primary key (organisation_id, hour, user_id, provider, model)""",
    )
    op.execute("grant usage on all sequences in schema tillwright to tillwright_app")
