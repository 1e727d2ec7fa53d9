"""Integrations, sealed credentials, verifications, effects, receipts of removal, and the shared rate budgets."""

from alembic import op

from tillwright.gateways.database.tables import APPLICATION_ROLE, definer_function, global_table, tenant_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _integrations()
    _effects()
    _rate_buckets()


def _integrations() -> None:
    tenant_table(
        op,
        "integrations",
        """partner text not null,
        service text not null,
        status text not null check (status in ('CREATED', 'VERIFIED', 'NOT_VERIFIED')),
        livemode boolean not null,
        account_id text not null,
        account_name text,
        publishable_key text not null,
        key_kind text not null check (key_kind in ('SECRET', 'RESTRICTED')),
        key_hint text not null,
        api_version text not null,
        settings jsonb not null default '{}',
        version integer not null default 1,
        created timestamptz not null,
        created_by text not null,
        updated timestamptz not null,
        updated_by text not null,
        primary key (organisation_id, partner, service)""",
    )
    tenant_table(
        op,
        "credentials",
        """partner text not null,
        purpose text not null,
        livemode boolean not null,
        sealed bytea not null,
        created timestamptz not null,
        primary key (organisation_id, partner, purpose)""",
    )
    tenant_table(
        op,
        "verifications",
        """id text primary key,
        partner text not null,
        service text not null,
        outcome text not null check (outcome in ('VERIFIED', 'NOT_VERIFIED')),
        report jsonb not null,
        at timestamptz not null""",
        indexes=["(organisation_id, partner, service, at desc)"],
        grants="select, insert, delete",
    )
    tenant_table(
        op,
        "removals",
        """id text primary key,
        partner text not null,
        service text not null,
        receipt jsonb not null,
        at timestamptz not null,
        by_name text not null""",
        indexes=["(organisation_id, at desc)"],
        grants="select, insert",
    )


def _effects() -> None:
    tenant_table(
        op,
        "effects",
        """id text primary key,
        run_id text not null,
        step text not null,
        attempt integer not null,
        idempotency_key text not null unique,
        livemode boolean not null,
        account_id text not null,
        method text not null,
        path text not null,
        params jsonb not null,
        state text not null check (state in ('PENDING', 'DONE', 'REFUSED', 'UNKNOWN')),
        sends integer not null default 0,
        first_sent timestamptz,
        last_sent timestamptz,
        answer jsonb,
        error jsonb,
        created timestamptz not null,
        settled timestamptz""",
        indexes=["(organisation_id, run_id, created)", "(organisation_id) where state = 'UNKNOWN'"],
        grants="select, insert, update, delete",
    )
    definer_function(
        op,
        "organisations_with_unknown_effects()",
        "table (organisation_id text)",
        "select distinct organisation_id from effects where state = 'UNKNOWN' order by 1",
    )


def _rate_buckets() -> None:
    global_table(
        op,
        "rate_buckets",
        """name text primary key,
        tokens double precision not null,
        refilled timestamptz not null""",
        reason="Stripe counts requests by account, mode and endpoint, whichever organisation or process sends them",
    )
    # A budget lost in a crash starts full: nothing here needs the write-ahead log.
    op.execute("alter table rate_buckets set unlogged")
    op.execute(_DRAW)
    op.execute(_EMPTY)
    for signature in (
        "draw_rate_buckets(text[], double precision[], double precision[], boolean, double precision)",
        "empty_rate_buckets(text[], double precision[], double precision)",
    ):
        op.execute(f"grant execute on function {signature} to {APPLICATION_ROLE}")


# Rows are locked in the order given, which callers sort by name. Each statement of a plpgsql function sees what was
# committed while it waited for the lock before it, and clock_timestamp() moves on: the arithmetic is never stale.
_DRAW = """
create function draw_rate_buckets(
    names text[], rates double precision[], bursts double precision[], bulk boolean, patience double precision,
    out taken boolean, out wait double precision
) language plpgsql as $$
declare
    held double precision[] := '{}';
    bucket rate_buckets;
    available double precision;
begin
    wait := 0;
    for i in 1 .. cardinality(names) loop
        insert into rate_buckets values (names[i], bursts[i], clock_timestamp()) on conflict do nothing;
        select * into bucket from rate_buckets where name = names[i] for update;
        available := least(bursts[i], bucket.tokens
            + greatest(0, extract(epoch from clock_timestamp() - bucket.refilled)) * rates[i]);
        held := held || available;
        wait := greatest(wait, (1 - available) / rates[i]);
    end loop;
    taken := case when bulk then wait <= 0 else wait <= patience end;
    for i in 1 .. cardinality(names) loop
        update rate_buckets set tokens = held[i] - case when taken then 1 else 0 end, refilled = clock_timestamp()
        where name = names[i];
    end loop;
end $$
"""

# After a 429 a bucket is at most so far in debt that it has a token again when the wait is over.
_EMPTY = """
create function empty_rate_buckets(names text[], rates double precision[], seconds double precision)
returns void language plpgsql as $$
begin
    for i in 1 .. cardinality(names) loop
        update rate_buckets set tokens = least(tokens, 1 - seconds * rates[i]), refilled = clock_timestamp()
        where name = names[i];
    end loop;
end $$
"""
