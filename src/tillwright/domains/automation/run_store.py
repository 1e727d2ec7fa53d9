"""The only SQL on runs and their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.automation.model import Run, RunSearch, RunState, RunStep, StepState, Trigger
from tillwright.gateways.database import Tally, Tx, tally

_RUN_FIELDS = [field.name for field in fields(Run)]
_STEP_FIELDS = [field.name for field in fields(RunStep)]


def run_of(row: Mapping[str, Any]) -> Run:
    values = {name: row[name] for name in _RUN_FIELDS}
    values |= {"state": RunState(row["state"]), "trigger": Trigger(**row["trigger"])}
    return Run(**values)


def _step(row: Mapping[str, Any]) -> RunStep:
    values = {name: row[name] for name in _STEP_FIELDS}
    values["state"] = StepState(row["state"])
    return RunStep(**values)


async def add(tx: Tx, run: Run) -> bool:
    """Insert a run that still has to be handed over; False if it is there already."""
    added = await tx.execute(
        "insert into workflow_runs (organisation_id, id, workflow_id, workflow_name, version, state, reason, livemode, "
        "trigger, created, started, finished, lane, parent) values (%(organisation_id)s, %(id)s, %(workflow_id)s, "
        "%(workflow_name)s, %(version)s, %(state)s, %(reason)s, %(livemode)s, %(trigger)s, %(created)s, %(started)s, "
        "%(finished)s, %(lane)s, %(parent)s) on conflict (id) do nothing",
        vars(run) | {"trigger": Jsonb(run.trigger.plain())},
    )
    return added.rowcount == 1


async def add_all(tx: Tx, organisation_id: str, runs: Sequence[Run]) -> int:
    """The same for many new ones of an organisation, in this order; returns how many were not there."""
    if not runs:
        return 0
    columns: dict[str, list[Any]] = {
        name: [getattr(run, name) for run in runs]
        for name in ("id", "workflow_id", "workflow_name", "version", "state", "livemode", "created", "lane", "parent")
    }
    added = await tx.execute(
        "insert into workflow_runs (organisation_id, id, workflow_id, workflow_name, version, state, livemode, "
        "created, lane, parent, trigger) select %(organisation_id)s, n.id, n.workflow_id, n.workflow_name, n.version, "
        "n.state, n.livemode, n.created, n.lane, n.parent, n.trigger from unnest(%(id)s::text[], "
        "%(workflow_id)s::text[], %(workflow_name)s::text[], %(version)s::int[], %(state)s::text[], "
        "%(livemode)s::boolean[], %(created)s::timestamptz[], %(lane)s::text[], %(parent)s::text[], "
        "%(trigger)s::jsonb[]) with ordinality as n (id, workflow_id, workflow_name, version, state, livemode, "
        "created, lane, parent, trigger, place) order by n.place on conflict (id) do nothing",
        columns | {"organisation_id": organisation_id, "trigger": [Jsonb(run.trigger.plain()) for run in runs]},
    )
    return added.rowcount


async def waiting(tx: Tx, at: datetime, limit: int, each: int) -> Sequence[tuple[str, str]]:
    """(organisation, run) of runs that are due to be handed over, over all organisations and fairly between them.

    Each is locked until the transaction ends; those another worker has locked are passed over. The lock is advisory,
    because a locked row would make the transaction one that has written.

    Args:
        each: at most so many of one organisation are in the workers' hands.
    """
    rows = await (
        await tx.execute(
            "with due as materialized (select organisation_id, id from runs_to_hand_over(%s, %s, %s)) "
            "select organisation_id, id from due "
            "where pg_try_advisory_xact_lock(hashtextextended('tillwright run ' || id, 0)) limit %s",
            (at, limit * 4, each, limit),
        )
    ).fetchall()
    return [(row["organisation_id"], row["id"]) for row in rows]


async def mark_handed_over(tx: Tx, organisation_id: str, runs: Sequence[Run], at: datetime) -> None:
    """Not those that have moved on meanwhile: of them it is another segment that is due."""
    await tx.execute(
        "update workflow_runs r set handed_over = %s from unnest(%s::text[], %s::int[]) as h (id, segment) "
        "where r.organisation_id = %s and r.id = h.id and r.segment = h.segment",
        (at, [run.id for run in runs], [run.segment for run in runs], organisation_id),
    )


async def by_id(tx: Tx, organisation_id: str, run_id: str, *, lock: bool = False) -> Run | None:
    query: LiteralString = "select * from workflow_runs where organisation_id = %s and id = %s"
    row = await (await tx.execute(query + (" for update" if lock else ""), (organisation_id, run_id))).fetchone()
    return run_of(row) if row else None


async def to_hand_over(
    tx: Tx, organisation_id: str, run_ids: Sequence[str]
) -> Mapping[str, tuple[Run, Mapping[str, Any] | None]]:
    """Those of the runs that still are to be handed over, each with the document of its version, if there is one."""
    rows = await (
        await tx.execute(
            "select r.*, v.document from workflow_runs r left join workflow_versions v on v.organisation_id = "
            "r.organisation_id and v.workflow_id = r.workflow_id and v.number = r.version "
            "where r.organisation_id = %s and r.id = any(%s) and r.handed_over is null and r.finished is null "
            "order by r.created, r.place",
            (organisation_id, list(run_ids)),
        )
    ).fetchall()
    return {row["id"]: (run_of(row), row["document"]) for row in rows}


async def begun_since(tx: Tx, organisation_id: str, workflow_id: str, moment: datetime) -> int:
    row = await (
        await tx.execute(
            "select count(*) as runs from workflow_runs where organisation_id = %s and workflow_id = %s "
            "and created >= %s and (state <> 'FAILED' or started is not null)",
            (organisation_id, workflow_id, moment),
        )
    ).fetchone()
    return row["runs"] if row else 0


async def in_hand(tx: Tx, organisation_id: str, run_id: str) -> bool:
    """Whether a worker has it, or will have without looking here again."""
    row = await (
        await tx.execute(
            "select handed_over is not null as held from workflow_runs where organisation_id = %s and id = %s",
            (organisation_id, run_id),
        )
    ).fetchone()
    return bool(row and row["held"])


async def ask_to_cancel(tx: Tx, organisation_id: str, run_id: str, by: str) -> None:
    """The run sees it before its next step."""
    await tx.execute(
        "update workflow_runs set cancel_by = %s where organisation_id = %s and id = %s", (by, organisation_id, run_id)
    )


async def unfinished(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "workflow_runs", organisation_id, "finished is null")


async def cancel_all(tx: Tx, organisation_id: str, by: str, at: datetime) -> int:
    """End every run that is not over; one that a worker has in hand sees it before its next step."""
    done = await tx.execute(
        "update workflow_runs set state = 'CANCELLED', reason = %s, finished = %s, waits_for = null, wake_at = null, "
        "cancel_by = %s, handed_over = coalesce(handed_over, %s) where organisation_id = %s and finished is null",
        (f"Cancelled by {by}.", at, by, at, organisation_id),
    )
    return done.rowcount


async def reopen(tx: Tx, organisation_id: str, run_id: str, attempts: Mapping[str, int]) -> None:
    """Let an ended run be handed over again, as its next segment."""
    await tx.execute(
        "update workflow_runs set state = 'QUEUED', reason = null, finished = null, segment = segment + 1, "
        "handed_over = null, attempts = %s, cancel_by = null, nudged = false, wake_at = null "
        "where organisation_id = %s and id = %s",
        (Jsonb(dict(attempts)), organisation_id, run_id),
    )


async def page(
    tx: Tx, organisation_id: str, wanted: RunSearch, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[Run]:
    """Runs, newest first, older than `before`."""
    rows = await (
        await tx.execute(
            f"select r.* from workflow_runs r where {_wanted(wanted, before)} "  # noqa: S608 - constants
            "order by r.created desc, r.id desc limit %(limit)s",
            {
                "organisation_id": organisation_id,
                "workflow": wanted.workflow_id,
                "state": wanted.state,
                "since": wanted.since,
                "until": wanted.until,
                "about": wanted.about,
                "text": f"%{_literally(wanted.text)}%",
                "moment": before and before[0],
                "last": before and before[1],
                "limit": limit,
            },
        )
    ).fetchall()
    return [run_of(row) for row in rows]


def _wanted(wanted: RunSearch, before: tuple[datetime, str] | None) -> LiteralString:
    where: list[LiteralString] = ["r.organisation_id = %(organisation_id)s"]
    if wanted.workflow_id is not None:
        where.append("r.workflow_id = %(workflow)s")
    if wanted.state is not None:
        where.append("r.state = %(state)s")
    if wanted.since is not None:
        where.append("r.created >= %(since)s")
    if wanted.until is not None:
        where.append("r.created < %(until)s")
    if wanted.about:
        where.append(
            "(r.trigger->>'object_id' = %(about)s or r.trigger->'data'->>'customer' = %(about)s "
            "or r.trigger->'data'->>'buyerId' = %(about)s or r.id in (select s.run_id from run_steps s "
            "where s.organisation_id = %(organisation_id)s and s.step = '_fetch' "
            "and s.answer->>'customer' = %(about)s))"
        )
    if wanted.text:
        where.append(
            "(r.id ilike %(text)s or r.workflow_name ilike %(text)s or r.reason ilike %(text)s or exists "
            "(select 1 from run_steps s where s.organisation_id = r.organisation_id and s.run_id = r.id "
            "and s.error->>'sentence' ilike %(text)s))"
        )
    if before:
        where.append("(r.created, r.id) < (%(moment)s, %(last)s)")
    return " and ".join(where)


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def about(tx: Tx, organisation_id: str, object_ids: Sequence[str], limit: int) -> Sequence[Run]:
    """Runs that any of these objects started, newest first."""
    rows = await tx.execute(
        "select * from workflow_runs where organisation_id = %s and id in (select id from runs_about(%s, %s)) "
        "order by created desc, id desc",
        (organisation_id, list(object_ids), limit),
    )
    return [run_of(row) async for row in rows]


async def latest(tx: Tx, organisation_id: str) -> Mapping[str, Run]:
    """The newest run of each workflow, by workflow id."""
    rows = await (
        await tx.execute(
            "select distinct on (workflow_id) * from workflow_runs where organisation_id = %s "
            "order by workflow_id, created desc, id desc",
            (organisation_id,),
        )
    ).fetchall()
    return {row["workflow_id"]: run_of(row) for row in rows}


async def counts(tx: Tx, organisation_id: str) -> Mapping[str, Mapping[str, int]]:
    """How many runs are in each state, by workflow id."""
    rows = await (
        await tx.execute(
            "select workflow_id, state, count(*) as runs from workflow_runs where organisation_id = %s group by 1, 2",
            (organisation_id,),
        )
    ).fetchall()
    counted: dict[str, dict[str, int]] = {}
    for row in rows:
        counted.setdefault(row["workflow_id"], {})[row["state"]] = row["runs"]
    return counted


async def start(tx: Tx, organisation_id: str, run_id: str, segment: int, at: datetime) -> bool:
    """A segment of the run begins, or goes on after a crash; False if the run has moved on from it."""
    started = await tx.execute(
        "update workflow_runs set state = 'RUNNING', started = coalesce(started, %s), waits_for = null, reason = null "
        "where organisation_id = %s and id = %s and segment = %s and finished is null",
        (at, organisation_id, run_id, segment),
    )
    return started.rowcount == 1


async def finish(
    tx: Tx, organisation_id: str, run_id: str, state: RunState, reason: str | None, at: datetime
) -> Run | None:
    """End a run; None if it has ended before, which stays as it was."""
    row = await (
        await tx.execute(
            "update workflow_runs set state = %s, reason = %s, finished = %s, waits_for = null, wake_at = null "
            "where organisation_id = %s and id = %s and finished is null returning *",
            (state, reason, at, organisation_id, run_id),
        )
    ).fetchone()
    return run_of(row) if row else None


async def begin_step(tx: Tx, organisation_id: str, step: RunStep) -> None:
    """Note that a step is being taken; the first start stays, and so does all of a step that is over."""
    await tx.execute(
        "insert into run_steps (organisation_id, run_id, step, position, attempt, action, state, request, answer, "
        "error, idempotency_key, effect_id, message_id, started, finished) values (%(organisation_id)s, %(run_id)s, "
        "%(step)s, %(position)s, %(attempt)s, %(action)s, %(state)s, %(request)s, null, null, null, null, "
        "null, %(started)s, null) on conflict (organisation_id, run_id, step, attempt) do update "
        "set request = excluded.request "
        "where run_steps.finished is null",
        vars(step) | {"organisation_id": organisation_id, "request": _json(step.request)},
    )


async def put_step(tx: Tx, organisation_id: str, step: RunStep) -> None:
    """Note a step and how it came out at once; one that is over stays as it is."""
    await tx.execute(
        "insert into run_steps (organisation_id, run_id, step, position, attempt, action, state, request, answer, "
        "error, idempotency_key, effect_id, message_id, started, finished) values (%(organisation_id)s, %(run_id)s, "
        "%(step)s, %(position)s, %(attempt)s, %(action)s, %(state)s, %(request)s, %(answer)s, %(error)s, null, null, "
        "null, %(started)s, %(finished)s) on conflict (organisation_id, run_id, step, attempt) do update "
        "set request = excluded.request, state = excluded.state, answer = excluded.answer, error = excluded.error, "
        "finished = excluded.finished where run_steps.finished is null",
        vars(step)
        | {
            "organisation_id": organisation_id,
            "request": _json(step.request),
            "answer": _json(step.answer),
            "error": _json(step.error),
        },
    )


async def settle_step(
    tx: Tx,
    organisation_id: str,
    run_id: str,
    step: str,
    attempt: int,
    *,
    state: StepState,
    answer: Mapping[str, Any] | None,
    error: Mapping[str, Any] | None,
    idempotency_key: str | None,
    effect_id: str | None,
    message_id: str | None,
    finished: datetime | None,
) -> StepState:
    """Note how a step came out; returns the state it had before."""
    before = await (
        await tx.execute(
            "with before as (select organisation_id, run_id, step, attempt, state from run_steps "
            "where organisation_id = %s and run_id = %s and step = %s and attempt = %s for update) "
            "update run_steps t set state = %s, answer = %s, error = %s, "
            "idempotency_key = coalesce(%s, t.idempotency_key), effect_id = coalesce(%s, t.effect_id), "
            "message_id = coalesce(%s, t.message_id), finished = %s "
            "from before b where (t.organisation_id, t.run_id, t.step, t.attempt) "
            "= (b.organisation_id, b.run_id, b.step, b.attempt) returning b.state",
            (
                organisation_id,
                run_id,
                step,
                attempt,
                state,
                _json(answer),
                _json(error),
                idempotency_key,
                effect_id,
                message_id,
                finished,
            ),
        )
    ).fetchone()
    assert before is not None, "a step is begun before it is settled"
    return StepState(before["state"])


async def steps(tx: Tx, organisation_id: str, run_id: str) -> Sequence[RunStep]:
    rows = await (
        await tx.execute(
            "select * from run_steps where organisation_id = %s and run_id = %s order by position, started, attempt",
            (organisation_id, run_id),
        )
    ).fetchall()
    return [_step(row) for row in rows]


def _json(value: Mapping[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(value)
