"""Entitlements with their terms and notices, and what the mirror's objects changed in, so that they can be followed."""

from alembic import op

from tillwright.gateways.database.tables import SCHEMA, definer_function, tenant_table

revision = "0013"
down_revision = "0012"

# As in mirror/change_store.py, where the reason is.
FOLLOWED = (
    "object in ('subscription', 'subscription_schedule', 'invoice', 'payment_intent', "
    "'entitlements.active_entitlement_summary', 'customer', 'product')"
)


def upgrade() -> None:
    _changes()
    _entitlements()
    _notices()


def _changes() -> None:
    op.execute(f"alter table {SCHEMA}.mirror_objects add column changed xid8 not null default pg_current_xact_id()")
    op.execute(
        f"create index mirror_objects_changed on {SCHEMA}.mirror_objects (organisation_id, changed, object, id, "
        f"livemode) where {FOLLOWED}"
    )
    tenant_table(
        op,
        "mirror_followers",
        """follower text not null,
        changed xid8 not null default '0',
        object text not null default '',
        id text not null default '',
        livemode boolean not null default false,
        primary key (organisation_id, follower)""",
    )
    definer_function(
        op,
        "organisations_with_changed_objects(of_follower text)",
        "table (organisation_id text)",
        f"""select o.id from organisations o
            left join mirror_followers f on f.organisation_id = o.id and f.follower = of_follower
            where exists (select 1 from mirror_objects m where m.organisation_id = o.id and m.{FOLLOWED}
              and m.changed < pg_snapshot_xmin(pg_current_snapshot())
              and (m.changed, m.object, m.id, m.livemode) > (coalesce(f.changed, '0'), coalesce(f.object, ''),
                   coalesce(f.id, ''), coalesce(f.livemode, false)))""",  # noqa: S608 - constants
    )


def _entitlements() -> None:
    tenant_table(
        op,
        "entitlements",
        """id text primary key,
        livemode boolean not null,
        account_id text,
        kind text not null check (kind in ('SUBSCRIPTION', 'SCHEDULE', 'PURCHASE', 'FEATURE', 'MANUAL')),
        source_object text not null,
        source_id text not null,
        source_part text not null,
        status text not null check (status in
            ('ACTIVE', 'PENDING_CANCEL', 'PENDING_START', 'SUSPENDED', 'CANCELLED', 'DELETED')),
        name text not null,
        named boolean not null default false,
        held boolean not null default false,
        buyer_id text,
        buyer_name text not null default '',
        buyer_email text not null default '',
        product_id text,
        product_name text not null default '',
        price_id text,
        start_time timestamptz not null,
        end_time timestamptz,
        renews timestamptz,
        info jsonb not null,
        meta jsonb not null,
        notice_days integer check (notice_days between 10 and 60),
        notices boolean,
        check_at timestamptz,
        intents integer not null default 0,
        version integer not null,
        created timestamptz not null,
        updated timestamptz not null""",
        indexes=[
            "unique (organisation_id, livemode, source_object, source_id, source_part)",
            "(organisation_id, check_at) where check_at is not null",
            "(organisation_id, livemode, end_time, id)",
            "(organisation_id, buyer_id)",
            "(organisation_id, product_id)",
        ],
    )
    tenant_table(
        op,
        "entitlement_terms",
        """id text primary key,
        entitlement_id text not null references entitlements(id) on delete cascade,
        kind text not null,
        product_id text,
        price_id text,
        quantity integer,
        start_time timestamptz not null,
        end_time timestamptz,
        created timestamptz not null""",
        indexes=["(entitlement_id, created, id)"],
    )
    definer_function(
        op,
        "organisations_with_entitlements_due(at timestamptz)",
        "table (organisation_id text)",
        """select o.id from organisations o where exists (select 1 from entitlements e
           where e.organisation_id = o.id and e.check_at <= at)""",
    )


def _notices() -> None:
    # The key is the promise: a notice goes out once for an end and an offset, whoever tries it and however often.
    tenant_table(
        op,
        "entitlement_notices",
        """entitlement_id text not null references entitlements(id) on delete cascade,
        end_time timestamptz not null,
        days_before integer not null,
        days_left integer not null,
        initial boolean not null,
        created timestamptz not null,
        primary key (organisation_id, entitlement_id, end_time, days_before)""",
        indexes=["(organisation_id, created)"],
        grants="select, insert, delete",
    )
