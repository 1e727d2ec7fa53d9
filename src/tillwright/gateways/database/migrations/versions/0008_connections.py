"""Users' own Stripe accounts: starts, links, what is cached of them, revocations still owed, and what to tell."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    tenant_table(
        op,
        "connections",
        """id text primary key,
        user_id text not null,
        livemode boolean not null,
        account_id text not null,
        account_name text,
        platform_id text not null,
        client_id text not null,
        scope text not null,
        created timestamptz not null,
        used timestamptz,
        checked timestamptz not null""",
        # The second one holds over all organisations: an account is linked by one user.
        indexes=["unique (organisation_id, user_id, livemode)", "unique (account_id, livemode)", "(checked)"],
    )
    tenant_table(
        op,
        "connection_starts",
        """digest text primary key,
        session_id text not null,
        user_id text not null,
        livemode boolean not null,
        platform_id text not null,
        client_id text not null,
        integration_created timestamptz not null,
        created timestamptz not null,
        expires timestamptz not null,
        used timestamptz,
        sealed_code bytea""",
        indexes=["(used) where sealed_code is not null", "(expires)"],
    )
    tenant_table(
        op,
        "connection_revocations",
        """id text primary key,
        user_id text not null,
        livemode boolean not null,
        account_id text not null,
        client_id text not null,
        platform_id text not null,
        state text not null check (state in ('PENDING', 'DONE', 'LEFT')),
        tries integer not null default 0,
        due timestamptz not null,
        error text,
        created timestamptz not null""",
        indexes=["(due) where state = 'PENDING'", "(organisation_id, user_id)"],
    )
    tenant_table(
        op,
        "connection_notices",
        """id text primary key,
        user_id text not null,
        livemode boolean not null,
        sentence text not null,
        created timestamptz not null""",
        indexes=["(organisation_id, user_id)"],
    )
    tenant_table(
        op,
        "connection_cache",
        """connection_id text not null references connections(id) on delete cascade,
        key text not null,
        body bytea not null,
        requests integer not null,
        read timestamptz not null,
        expires timestamptz not null,
        primary key (connection_id, key)""",
        indexes=["(expires)"],
    )
    definer_function(
        op,
        "connection_revocations_due(at timestamptz, most integer)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from connection_revocations
           where state = 'PENDING' and due <= at order by due limit most""",
    )
    definer_function(
        op,
        "connection_starts_open(used_before timestamptz, most integer)",
        "table (organisation_id text, digest text)",
        """select organisation_id, digest from connection_starts
           where sealed_code is not null and used < used_before order by used limit most""",
    )
    definer_function(
        op,
        "connections_to_check(before timestamptz, most integer)",
        "table (organisation_id text, id text)",
        "select organisation_id, id from connections where checked < before order by checked limit most",
    )
