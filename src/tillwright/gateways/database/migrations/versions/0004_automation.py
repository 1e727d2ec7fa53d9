"""Workflows, their runs and steps, the mail outbox, and the workers' signs of life."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, global_table, tenant_table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    tenant_table(
        op,
        "workflows",
        """id text primary key,
        name text not null,
        description text not null,
        trigger text not null,
        state text not null check (state in ('ACTIVE', 'PAUSED')),
        version integer not null,
        created timestamptz not null,
        updated timestamptz not null,
        updated_by text not null""",
        indexes=["unique (organisation_id, name)", "(organisation_id, trigger) where state = 'ACTIVE'"],
    )
    tenant_table(
        op,
        "workflow_versions",
        """id text primary key,
        workflow_id text not null references workflows(id) on delete cascade,
        number integer not null,
        source text not null,
        document jsonb not null,
        author text not null,
        created timestamptz not null""",
        indexes=["unique (workflow_id, number)"],
        grants="select, insert, delete",
    )
    tenant_table(
        op,
        "workflow_runs",
        """id text primary key,
        workflow_id text not null references workflows(id) on delete cascade,
        workflow_name text not null,
        version integer not null,
        state text not null check (state in ('QUEUED', 'RUNNING', 'DONE', 'SKIPPED', 'FAILED', 'UNKNOWN')),
        reason text,
        livemode boolean not null,
        trigger jsonb not null,
        created timestamptz not null,
        started timestamptz,
        finished timestamptz,
        handed_over timestamptz""",
        indexes=[
            "(organisation_id, created, id)",
            "(organisation_id, workflow_id, created, id)",
            # The outbox: a run is committed with the event that starts it and handed to the engine after that.
            "(created) where handed_over is null",
        ],
    )
    tenant_table(
        op,
        "run_steps",
        """run_id text not null references workflow_runs(id) on delete cascade,
        step text not null,
        position integer not null,
        attempt integer not null,
        action text not null,
        state text not null check (state in ('RUNNING', 'WAITING', 'DONE', 'SKIPPED', 'REFUSED', 'UNKNOWN')),
        request jsonb,
        answer jsonb,
        error jsonb,
        idempotency_key text,
        effect_id text,
        message_id text,
        started timestamptz not null,
        finished timestamptz,
        primary key (organisation_id, run_id, step)""",
        indexes=["(run_id)"],
    )
    tenant_table(
        op,
        "notification_messages",
        """id text primary key,
        key text not null,
        message_id text not null,
        recipient text not null,
        subject text not null,
        text text not null,
        html text,
        state text not null check (state in ('PENDING', 'SENT', 'FAILED')),
        attempts integer not null default 0,
        due timestamptz not null,
        leased_until timestamptz,
        error text,
        created timestamptz not null,
        sent timestamptz""",
        indexes=["unique (organisation_id, key)", "(organisation_id, created, id)", "(due) where state = 'PENDING'"],
    )
    global_table(
        op,
        "workers",
        """id text primary key,
        host text not null,
        pid integer not null,
        state text not null check (state in ('ALIVE', 'STOPPED', 'DEAD')),
        started timestamptz not null,
        beat timestamptz not null,
        swept timestamptz""",
        reason="worker processes serve every organisation",
    )
    definer_function(
        op,
        "runs_to_hand_over(most integer)",
        "table (organisation_id text, id text)",
        "select organisation_id, id from workflow_runs where handed_over is null order by created limit most",
    )
    definer_function(
        op,
        "messages_due(at timestamptz, most integer)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from notification_messages
           where state = 'PENDING' and due <= at and (leased_until is null or leased_until < at)
           order by due limit most""",
    )
