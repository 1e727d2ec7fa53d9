"""Workers are told of what waits for them instead of asking many times a second; who has least in hand comes first."""

from alembic import op

from tillwright.gateways.database.tables import definer_function

revision = "0039"
down_revision = "0038"

TELLS = {
    # On the channel `spine` an empty word is a happening; another one names the worker's chore that has work now.
    "audit_entries": ("for each statement", "somebody"),
    "stripe_events": ("for each statement", "events"),
    "notification_deliveries": ("for each statement", "mail"),
}


def upgrade() -> None:
    op.execute(
        "create function tillwright.tell_workers() returns trigger language plpgsql set search_path = pg_catalog as "
        "$$ begin perform pg_notify('spine', tg_argv[0]); return null; end $$"
    )
    for table, (each, word) in TELLS.items():
        op.execute(
            f"create trigger tell_workers after insert on tillwright.{table} {each} "
            f"execute function tillwright.tell_workers('{word}')"
        )
    # A run made, woken or opened again. That one was handed over is no news.
    op.execute(
        "create trigger tell_workers after insert or update of wake_at, segment on tillwright.workflow_runs "
        "for each row when (new.handed_over is null and new.finished is null) "
        "execute function tillwright.tell_workers('hand over')"
    )
    definer_function(
        op,
        "runs_to_hand_over(at timestamptz, most integer, each integer)",
        "table (organisation_id text, id text)",
        """select organisation_id, id from (
             select o.id as organisation_id, r.id, r.created,
               row_number() over (partition by o.id order by r.created, r.place) + h.held as turn
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
           ) due where turn <= each order by turn, created limit most""",
    )
    op.execute(
        "create index workflow_runs_wakes on tillwright.workflow_runs (wake_at) "
        "where handed_over is null and finished is null and wake_at is not null"
    )
    definer_function(
        op,
        "automation_due_next(at timestamptz)",
        "table (runs timestamptz, schedules timestamptz)",
        """select (select min(wake_at) from workflow_runs
                   where handed_over is null and finished is null and wake_at is not null and wake_at > at),
                  (select min(next_at) from workflow_schedules)""",
    )
