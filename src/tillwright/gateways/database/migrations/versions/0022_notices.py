"""Notices: what is told to whom, in which words, over which channels, and how each delivery went."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute(
        """alter table notification_messages
           add column channel text not null default 'EMAIL'
               check (channel in ('EMAIL', 'WEBHOOK', 'SLACK', 'MICROSOFT_TEAMS')),
           add column scope text,
           add column notice_id text,
           add column cc text[] not null default '{}',
           add column bcc text[] not null default '{}'"""
    )
    op.execute("create index notification_messages_notice on notification_messages (organisation_id, notice_id)")
    tenant_table(
        op,
        "notification_deliveries",
        """id text primary key,
        message_id text not null references notification_messages(id) on delete cascade,
        part text not null check (part in ('TO', 'CC', 'BCC', 'HOOK')),
        target text not null,
        state text not null check (state in ('PENDING', 'SENT', 'FAILED')),
        attempts integer not null default 0,
        due timestamptz not null,
        leased_until timestamptz,
        error text,
        settled timestamptz""",
        indexes=["unique (message_id, target)", "(due) where state = 'PENDING'"],
    )
    # What was in the outbox goes on as one delivery a mail.
    op.execute(
        """insert into notification_deliveries
           (organisation_id, id, message_id, part, target, state, attempts, due, leased_until, error, settled)
           select organisation_id, 'dlv_' || substr(id, 5), id, 'TO', recipient, state, attempts, due, leased_until,
                  error, sent from notification_messages"""
    )
    op.execute("drop index notification_messages_2")
    op.execute("drop function messages_due(timestamptz, integer)")
    op.execute("alter table notification_messages drop column leased_until")
    definer_function(
        op,
        "deliveries_due(at timestamptz, most integer)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from notification_deliveries
           where state = 'PENDING' and due <= at and (leased_until is null or leased_until < at)
           order by due limit most""",
    )
    tenant_table(
        op,
        "notification_attempts",
        """delivery_id text not null references notification_deliveries(id) on delete cascade,
        number integer not null,
        outcome text not null check (outcome in ('SENT', 'PUT_OFF', 'REFUSED')),
        said text not null,
        took integer not null,
        at timestamptz not null,
        primary key (delivery_id, number)""",
        grants="select, insert, delete",
    )
    tenant_table(
        op,
        "notification_settings",
        """enabled boolean not null,
        digest_hour integer not null check (digest_hour between 0 and 23),
        quiet_from integer check (quiet_from between 0 and 1439),
        quiet_to integer check (quiet_to between 0 and 1439),
        updated timestamptz not null,
        updated_by text not null,
        primary key (organisation_id)""",
    )
    tenant_table(
        op,
        "notification_scopes",
        """scope text not null,
        enabled boolean not null,
        "to" text[] not null,
        cc text[] not null,
        bcc text[] not null,
        channels text[] not null,
        digest boolean not null,
        subject text,
        body text,
        updated timestamptz not null,
        updated_by text not null,
        primary key (organisation_id, scope)""",
    )
    tenant_table(
        op,
        "notices",
        """id text primary key,
        spine_id bigint not null,
        scope text not null,
        action text not null,
        entity_type text not null,
        entity_id text not null,
        entity_name text not null,
        entity_status text not null,
        partner text not null,
        priority text not null check (priority in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
        state text not null check (state in ('', 'SCHEDULED', 'PENDING', 'DONE', 'FAILED')),
        title text not null,
        message text not null,
        "values" jsonb not null,
        by_whom text not null,
        happened timestamptz not null,
        created timestamptz not null,
        updated timestamptz not null""",
        indexes=[
            "unique (organisation_id, spine_id, scope)",
            "(organisation_id, created, id)",
            "(organisation_id, entity_type, entity_id, created)",
            "(organisation_id, scope, created)",
        ],
    )
    tenant_table(
        op,
        "notification_digest_items",
        """notice_id text primary key references notices(id) on delete cascade,
        scope text not null,
        due timestamptz not null,
        message_id text""",
        indexes=["(due) where message_id is null"],
    )
    definer_function(
        op,
        "digests_due(at timestamptz, most integer)",
        "table (organisation_id text, scope text)",
        """select distinct organisation_id, scope from notification_digest_items
           where message_id is null and due <= at limit most""",
    )
    tenant_table(
        op,
        "notification_optouts",
        """scope text not null,
        address text not null,
        created timestamptz not null,
        primary key (organisation_id, scope, address)""",
    )
    tenant_table(
        op,
        "notification_channels",
        """kind text not null check (kind in ('WEBHOOK', 'SLACK', 'MICROSOFT_TEAMS')),
        enabled boolean not null,
        url bytea not null,
        shown text not null,
        secret bytea,
        updated timestamptz not null,
        updated_by text not null,
        primary key (organisation_id, kind)""",
    )
    tenant_table(
        op,
        "contacts",
        """id text primary key,
        name text not null,
        email text not null,
        info jsonb not null,
        tags text[] not null,
        created timestamptz not null,
        updated timestamptz not null""",
        indexes=["(organisation_id, name)", "(organisation_id, created, id)"],
    )
    tenant_table(
        op,
        "contact_buyers",
        """contact_id text not null references contacts(id) on delete cascade,
        buyer_id text not null,
        created timestamptz not null,
        primary key (organisation_id, contact_id, buyer_id)""",
        indexes=["(organisation_id, buyer_id)"],
    )
