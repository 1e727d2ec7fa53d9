"""Back-tests, and what automation has moved on each day."""

from alembic import op

from tillwright.gateways.database.tables import definer_function, tenant_table

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    # The order in which runs were made: two of one lane may be made in the same instant.
    op.execute("alter table tillwright.workflow_runs add place bigint generated always as identity")
    op.execute("drop index tillwright.workflow_runs_lane")
    op.execute(
        "create index workflow_runs_lane on tillwright.workflow_runs (organisation_id, lane, place) "
        "where lane is not null and finished is null"
    )
    definer_function(
        op,
        "runs_to_hand_over(at timestamptz, most integer, each integer)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from (
             select o.id as organisation_id, r.id, r.created,
               row_number() over (partition by o.id order by r.created, r.place) as turn, h.held
             from organisations o
             cross join lateral (
               select count(*) as held from (
                 select 1 from workflow_runs w
                 where w.organisation_id = o.id and w.handed_over is not null and w.finished is null limit each) w) h
             cross join lateral (
               select w.id, w.created, w.place from workflow_runs w
               where w.organisation_id = o.id and w.handed_over is null and w.finished is null
                 and (w.wake_at is null or w.wake_at <= at)
                 and (w.lane is null or not exists (
                   select 1 from workflow_runs e where e.organisation_id = w.organisation_id and e.lane = w.lane
                     and e.finished is null and e.place < w.place))
               order by w.created, w.id limit each) r
             where exists (select 1 from workflow_runs w
                           where w.organisation_id = o.id and w.handed_over is null and w.finished is null)
               and not exists (select 1 from automation_switches s where s.organisation_id = o.id and s.stopped)
           ) due where turn + held <= each order by turn, created limit most""",
    )
    tenant_table(
        op,
        "backtests",
        """id text primary key,
        workflow text not null,
        source_digest text not null,
        livemode boolean not null,
        created timestamptz not null,
        created_by text not null""",
        indexes=["(organisation_id, source_digest)"],
        grants="select, insert, delete",
    )
    tenant_table(
        op,
        "spending_entries",
        """run_id text not null,
        step text not null,
        attempt integer not null,
        workflow_id text not null,
        livemode boolean not null,
        day date not null,
        currency text not null,
        amount bigint not null,
        primary key (organisation_id, run_id, step, attempt)""",
        indexes=["(organisation_id, workflow_id, day)"],
    )
    tenant_table(
        op,
        "spending_totals",
        """scope text not null,
        livemode boolean not null,
        day date not null,
        currency text not null,
        amount bigint not null,
        writes bigint not null,
        primary key (organisation_id, scope, livemode, day, currency)""",
    )
