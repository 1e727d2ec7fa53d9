"""Organisations, people, keys, the event spine and the audit trail."""

from alembic import op

from tillwright.gateways.database.tables import APPLICATION_ROLE, definer_function, global_table, protect, tenant_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """create table organisations (
            id text primary key,
            name text not null,
            time_zone text not null default 'UTC',
            created timestamptz not null)"""
    )
    protect(op, "organisations", "id")

    global_table(
        op,
        "users",
        """id text primary key,
        email text not null unique,
        name text not null,
        password_hash text not null,
        created timestamptz not null""",
        reason="a person may belong to several organisations and signs in before one is known",
    )
    tenant_table(
        op,
        "memberships",
        """user_id text not null references users(id) on delete cascade,
        role text not null check (role in ('ADMIN', 'EDITOR', 'VIEWER')),
        created timestamptz not null,
        primary key (organisation_id, user_id)""",
    )
    global_table(
        op,
        "sessions",
        """id text primary key,
        token_digest text not null unique,
        user_id text not null references users(id) on delete cascade,
        organisation_id text not null references organisations(id) on delete cascade,
        created timestamptz not null,
        seen timestamptz not null,
        expires timestamptz not null,
        agent text not null""",
        reason="a session is looked up by its token's digest before an organisation is known",
        indexes=["(user_id)", "(expires)"],
    )
    global_table(
        op,
        "sign_in_failures",
        """key text primary key, count integer not null, first timestamptz not null""",
        reason="counts failed sign-ins by address before anybody is known",
    )
    tenant_table(
        op,
        "api_clients",
        """id text primary key,
        name text not null,
        role text not null check (role in ('ADMIN', 'EDITOR', 'VIEWER')),
        key_digest text not null unique,
        hint text not null,
        created_by text not null,
        created timestamptz not null,
        last_used timestamptz""",
    )
    definer_function(
        op,
        "memberships_of(of_user text)",
        "table (organisation_id text, organisation_name text, role text, time_zone text)",
        """select o.id, o.name, m.role, o.time_zone from memberships m join organisations o on o.id = m.organisation_id
           where m.user_id = of_user order by m.created, o.id""",
    )
    definer_function(
        op,
        "api_client_by_digest(digest text)",
        "table (id text, organisation_id text, name text, role text)",
        "select id, organisation_id, name, role from api_clients where key_digest = digest",
    )
    definer_function(op, "organisation_ids()", "table (id text)", "select id from organisations order by id")

    tenant_table(
        op,
        "spine_events",
        """id bigint generated always as identity primary key,
        name text not null,
        data jsonb not null,
        created timestamptz not null,
        transaction_id xid8 not null default pg_current_xact_id()""",
        indexes=["(organisation_id, id)", "(organisation_id, name, id)"],
        grants="select, insert",
    )
    # A consumer's place: every event up to `last` is handed on. Rows commit out of order, so a reader only goes as far
    # as the oldest transaction still open (`spine_horizon`).
    tenant_table(
        op,
        "spine_places",
        """consumer text not null,
        last_transaction xid8 not null default '0',
        last bigint not null default 0,
        primary key (organisation_id, consumer)""",
    )
    definer_function(
        op,
        "spine_behind(of_consumer text)",
        "table (organisation_id text)",
        """select o.id from organisations o
           left join spine_places p on p.organisation_id = o.id and p.consumer = of_consumer
           where exists (select 1 from spine_events e where e.organisation_id = o.id
             and (e.transaction_id, e.id) > (coalesce(p.last_transaction, '0'::xid8), coalesce(p.last, 0))
             and e.transaction_id < pg_snapshot_xmin(pg_current_snapshot()))""",
    )
    op.execute("create index spine_events_order on spine_events (organisation_id, transaction_id, id)")

    tenant_table(
        op,
        "audit_entries",
        """number bigint not null,
        action text not null,
        actor_kind text not null,
        actor_id text not null,
        actor_name text not null,
        subject_id text not null,
        detail jsonb not null,
        at timestamptz not null,
        previous text not null,
        digest text not null,
        primary key (organisation_id, number)""",
        indexes=["(organisation_id, action, number)"],
        grants="select, insert",
    )
    op.execute(f"grant usage on all sequences in schema tillwright to {APPLICATION_ROLE}")
