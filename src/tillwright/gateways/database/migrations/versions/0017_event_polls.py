"""Asking Stripe for events: how far we asked, and gaps that are older than Stripe remembers."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    # Every event made before `seen_until` was asked for. A window under way reads from `read_to` back to `read_from`.
    tenant_table(
        op,
        "event_polls",
        """livemode boolean not null,
        account_id text,
        seen_until timestamptz not null,
        read_from timestamptz,
        read_to timestamptz,
        cursor_id text,
        brought bigint not null default 0,
        polled timestamptz,
        gap_from timestamptz,
        gap_to timestamptz,
        gap_found timestamptz,
        gap_closed timestamptz,
        lease text,
        leased_until timestamptz,
        next_at timestamptz not null,
        failures integer not null default 0,
        error jsonb,
        primary key (organisation_id, livemode)""",
    )
    op.execute(
        """insert into event_polls (organisation_id, livemode, account_id, seen_until, next_at)
        select organisation_id, livemode, account_id, created, now() from webhook_endpoints"""
    )
    definer_function(
        op,
        "organisations_to_poll(at timestamptz)",
        "table (organisation_id text)",
        """select organisation_id from event_polls where next_at <= at
           and (leased_until is null or leased_until <= at) group by organisation_id order by min(next_at)""",
    )
