"""Webhook endpoints, Stripe's events as received, and the mirror of its objects."""

from alembic import op

from tillwright.gateways.database.tables import CURRENT, definer_function, tenant_table

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _endpoints()
    _events()
    _objects()
    _backfills()
    _refetches()


def _endpoints() -> None:
    tenant_table(
        op,
        "webhook_endpoints",
        """livemode boolean not null,
        id text not null unique,
        state text not null check (state in ('WANTED', 'ACTIVE')),
        account_id text,
        stripe_id text,
        url text,
        token_digest text unique,
        sealed_secret bytea,
        attempt integer not null default 0,
        lease text,
        leased_until timestamptz,
        next_at timestamptz not null,
        failures integer not null default 0,
        error jsonb,
        created timestamptz not null,
        updated timestamptz not null,
        primary key (organisation_id, livemode),
        check (state <> 'ACTIVE' or (stripe_id is not null and token_digest is not null
            and sealed_secret is not null))""",
    )
    # Intake knows nothing but the address that was called: this finds whose it is, and holds it until the events are
    # committed, so that a deletion comes before them or after, and then erases them too.
    definer_function(
        op,
        "webhook_endpoints_by_token(digests text[])",
        "table (token_digest text, organisation_id text, livemode boolean, account_id text, sealed_secret bytea)",
        """select token_digest, organisation_id, livemode, account_id, sealed_secret from webhook_endpoints
           where token_digest = any(digests) and state = 'ACTIVE' for key share""",
    )
    definer_function(
        op,
        "organisations_with_endpoints_due(at timestamptz)",
        "table (organisation_id text)",
        """select organisation_id from webhook_endpoints where next_at <= at
           and (leased_until is null or leased_until <= at) group by organisation_id order by min(next_at)""",
    )


def _events() -> None:
    # `raw` is the body byte for byte; the columns beside it are what it says, for finding it again.
    tenant_table(
        op,
        "stripe_events",
        """id text not null,
        place bigint generated always as identity,
        livemode boolean not null,
        account_id text,
        type text not null,
        created timestamptz not null,
        received timestamptz not null,
        api_version text,
        object_type text,
        object_id text,
        raw bytea not null,
        applied timestamptz,
        outcome text,
        failures integer not null default 0,
        next_at timestamptz,
        error text,
        primary key (organisation_id, id)""",
        indexes=[
            "(organisation_id, place) where applied is null",
            "(organisation_id, livemode, place desc)",
            "(organisation_id, object_id) where object_id is not null",
        ],
    )
    definer_function(
        op,
        "organisations_with_pending_events(at timestamptz)",
        "table (organisation_id text)",
        """select o.id from organisations o where exists (select 1 from stripe_events e
           where e.organisation_id = o.id and e.applied is null and (e.next_at is null or e.next_at <= at))""",
    )


def _objects() -> None:
    for extension in ("pg_trgm", "btree_gin"):
        op.execute(f"create extension if not exists {extension}")
    # `created` is the epoch's start for objects that have none, so that every list has one order.
    # `digest` is of the body with sorted keys: two copies are compared without reading either.
    tenant_table(
        op,
        "mirror_objects",
        """livemode boolean not null,
        object text not null,
        id text not null,
        account_id text,
        created timestamptz not null,
        fetched_at timestamptz,
        event_created timestamptz,
        event_received timestamptz,
        event_id text,
        deleted boolean not null default false,
        customer text,
        status text,
        search text,
        digest bytea not null,
        body jsonb not null,
        primary key (organisation_id, livemode, object, id)""",
        indexes=[
            "(organisation_id, livemode, object, created desc, id desc) where not deleted",
            "(organisation_id, livemode, customer, object, created desc, id desc) where customer is not null",
            "using gin (organisation_id, search gin_trgm_ops) where search is not null and not deleted",
        ],
    )
    # A row a kind, kept in step by the writer: counting a million objects on every page would be slow.
    tenant_table(
        op,
        "mirror_counts",
        """livemode boolean not null,
        object text not null,
        present bigint not null,
        deleted bigint not null,
        changed timestamptz not null,
        primary key (organisation_id, livemode, object)""",
    )
    # The tenant's policy may not be passed by an operator that is not leakproof, and `like` is none: under the policy
    # the trigram index would never be used. This function applies the same policy by hand, then may use it.
    definer_function(
        op,
        "mirror_search(of_livemode boolean, of_object text, pattern text, of_customer text, of_status text, "
        "since timestamptz, until timestamptz, before_created timestamptz, before_id text, most integer)",
        "table (id text)",
        f"""select id from mirror_objects where organisation_id = {CURRENT} and livemode = of_livemode
            and object = of_object and not deleted and search is not null and search like pattern
            and (of_customer is null or customer = of_customer) and (of_status is null or status = of_status)
            and (since is null or created >= since) and (until is null or created < until)
            and (before_created is null or (created, id) < (before_created, before_id))
            order by created desc, id desc limit most""",  # noqa: S608 - constants
    )


def _backfills() -> None:
    tenant_table(
        op,
        "mirror_backfills",
        """livemode boolean not null,
        object text not null,
        position integer not null,
        state text not null check (state in ('WAITING', 'RUNNING', 'DONE', 'DENIED', 'ABSENT', 'FAILED')),
        cursor_id text,
        cursor_created timestamptz,
        cursor_bound timestamptz,
        done bigint not null default 0,
        pages bigint not null default 0,
        estimate bigint,
        lease text,
        leased_until timestamptz,
        next_at timestamptz not null,
        failures integer not null default 0,
        error jsonb,
        began timestamptz,
        updated timestamptz not null,
        finished timestamptz,
        primary key (organisation_id, livemode, object)""",
    )
    definer_function(
        op,
        "organisations_to_backfill(at timestamptz)",
        "table (organisation_id text)",
        """select organisation_id from mirror_backfills where state in ('WAITING', 'RUNNING') and next_at <= at
           and (leased_until is null or leased_until <= at) group by organisation_id order by min(updated)""",
    )


def _refetches() -> None:
    tenant_table(
        op,
        "mirror_refetches",
        """livemode boolean not null,
        object text not null,
        id text not null,
        reason text not null,
        marked integer not null default 1,
        since timestamptz not null,
        next_at timestamptz not null,
        lease text,
        leased_until timestamptz,
        failures integer not null default 0,
        error jsonb,
        primary key (organisation_id, livemode, object, id)""",
        indexes=["(organisation_id, next_at)"],
    )
    definer_function(
        op,
        "organisations_to_refetch(at timestamptz)",
        "table (organisation_id text)",
        """select organisation_id from mirror_refetches where next_at <= at
           and (leased_until is null or leased_until <= at) group by organisation_id order by min(next_at)""",
    )
