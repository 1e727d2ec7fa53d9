"""Runs that wait, are cancelled and taken up again; approvals, schedules, inbound webhooks, switches."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0012"
down_revision = "0011"
STATES = "'QUEUED', 'RUNNING', 'WAITING', 'DONE', 'SKIPPED', 'FAILED', 'UNKNOWN', 'CANCELLED'"


def upgrade() -> None:
    op.execute("alter table tillwright.workflow_runs drop constraint workflow_runs_state_check")
    op.execute(
        f"alter table tillwright.workflow_runs add constraint workflow_runs_state_check check (state in ({STATES}))"
    )
    op.execute(
        "alter table tillwright.workflow_runs add lane text, add segment integer not null default 1, "
        "add attempts jsonb, add wake_at timestamptz, add waits_for text, add parent text, "
        "add nudged boolean not null default false, add cancel_by text"
    )
    # The outbox, an organisation after the other; and what holds up the rest of its lane.
    op.execute("drop index tillwright.workflow_runs_2")
    op.execute(
        "create index workflow_runs_outbox on tillwright.workflow_runs (organisation_id, created, id) "
        "where handed_over is null and finished is null"
    )
    op.execute(
        "create index workflow_runs_lane on tillwright.workflow_runs (organisation_id, lane, created, id) "
        "where lane is not null and finished is null"
    )
    op.execute(
        "create index workflow_runs_in_hand on tillwright.workflow_runs (organisation_id) "
        "where handed_over is not null and finished is null"
    )
    op.execute("alter table tillwright.run_steps drop constraint run_steps_pkey")
    op.execute("alter table tillwright.run_steps add primary key (organisation_id, run_id, step, attempt)")
    tenant_table(
        op,
        "run_journals",
        """run_id text not null references workflow_runs(id) on delete cascade,
        segment integer not null,
        entries jsonb not null,
        primary key (organisation_id, run_id, segment)""",
        indexes=["(run_id)"],
    )
    tenant_table(
        op,
        "run_waits",
        """run_id text not null references workflow_runs(id) on delete cascade,
        step text not null,
        attempt integer not null,
        event text,
        match text,
        names jsonb not null,
        due timestamptz not null,
        arrived jsonb,
        spine_event_id bigint,
        created timestamptz not null,
        primary key (organisation_id, run_id, step, attempt)""",
        indexes=["(run_id)", "(organisation_id, event) where event is not null and arrived is null"],
    )
    tenant_table(
        op,
        "approvals",
        """id text primary key,
        run_id text not null references workflow_runs(id) on delete cascade,
        workflow_id text not null,
        workflow_name text not null,
        step text not null,
        attempt integer not null,
        payload_hash text not null,
        request jsonb not null,
        question text not null,
        amount bigint,
        currency text,
        role text not null,
        livemode boolean not null,
        state text not null check (state in ('PENDING', 'APPROVED', 'REFUSED', 'EXPIRED', 'SUPERSEDED')),
        due timestamptz not null,
        created timestamptz not null,
        decided timestamptz,
        decided_by text,
        note text""",
        indexes=["(run_id, step)", "(organisation_id, created, id)", "(organisation_id) where state = 'PENDING'"],
    )
    tenant_table(
        op,
        "workflow_schedules",
        """workflow_id text not null references workflows(id) on delete cascade,
        number integer not null,
        cron text not null,
        time_zone text not null,
        next_at timestamptz not null,
        primary key (organisation_id, workflow_id, number)""",
        indexes=["(next_at)"],
    )
    tenant_table(
        op,
        "automation_switches",
        """stopped boolean not null default false,
        stopped_by text,
        stopped_at timestamptz,
        caps jsonb not null default '{}',
        revision bigint not null default 0,
        primary key (organisation_id)""",
    )
    op.execute("drop function tillwright.runs_to_hand_over(integer)")
    definer_function(
        op,
        "runs_to_hand_over(at timestamptz, most integer, each integer)",
        "table (organisation_id text, id text)",
        # Round by round over the organisations, and no more of one in the workers' hands than `each`: a loud one waits
        # behind its own runs, never in front of a quiet one's.
        """select organisation_id, id from (
             select o.id as organisation_id, r.id, r.created,
               row_number() over (partition by o.id order by r.created, r.id) as turn, h.held
             from organisations o
             cross join lateral (
               select count(*) as held from (
                 select 1 from workflow_runs w
                 where w.organisation_id = o.id and w.handed_over is not null and w.finished is null limit each) w) h
             cross join lateral (
               select w.id, w.created from workflow_runs w
               where w.organisation_id = o.id and w.handed_over is null and w.finished is null
                 and (w.wake_at is null or w.wake_at <= at)
                 and (w.lane is null or not exists (
                   select 1 from workflow_runs e where e.organisation_id = w.organisation_id and e.lane = w.lane
                     and e.finished is null and (e.created, e.id) < (w.created, w.id)))
               order by w.created, w.id limit each) r
             where exists (select 1 from workflow_runs w
                           where w.organisation_id = o.id and w.handed_over is null and w.finished is null)
               and not exists (select 1 from automation_switches s where s.organisation_id = o.id and s.stopped)
           ) due where turn + held <= each order by turn, created limit most""",
    )
    definer_function(
        op,
        "schedules_due(at timestamptz, most integer)",
        "table (organisation_id text, workflow_id text, number integer)",
        "select organisation_id, workflow_id, number from workflow_schedules "
        "where next_at <= at order by next_at limit most",
    )
