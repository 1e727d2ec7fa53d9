"""Outside assistants: programs that registered, what they ask for, and the access people gave them."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, global_table, tenant_table

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    global_table(
        op,
        "assistant_programs",
        """id text primary key,
        name text not null,
        sealed bytea not null,
        created timestamptz not null,
        used timestamptz not null""",
        reason="a program registers itself before anybody gives it access to anything",
        indexes=["(used)"],
    )
    global_table(
        op,
        "assistant_requests",
        """digest text primary key,
        program_id text not null references assistant_programs(id) on delete cascade,
        asked jsonb not null,
        expires timestamptz not null""",
        reason="a program asks for access before the person who may give it has signed in",
        indexes=["(expires)"],
    )
    tenant_table(
        op,
        "assistant_grants",
        """id text primary key,
        user_id text not null,
        user_name text not null,
        program_id text not null,
        program_name text not null,
        via text not null check (via in ('connection', 'organisation')),
        livemode boolean not null,
        resource text not null,
        redirect_uri text not null,
        code_digest text,
        code_challenge text not null,
        code_expires timestamptz not null,
        code_used timestamptz,
        access_digest text,
        access_expires timestamptz,
        refresh_digest text,
        refresh_expires timestamptz,
        earlier_refresh_digest text,
        created timestamptz not null,
        used timestamptz""",
        indexes=[
            "unique (code_digest)",
            "unique (access_digest)",
            "unique (refresh_digest)",
            "(earlier_refresh_digest)",
            "(organisation_id, user_id)",
        ],
    )
    definer_function(
        op,
        "assistant_grant_of(digest text)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from assistant_grants
           where digest in (code_digest, access_digest, refresh_digest, earlier_refresh_digest)""",
    )
