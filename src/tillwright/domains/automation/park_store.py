"""The only SQL on runs that wait: their journals, what they wait for, who wakes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.automation.journal import Entry
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import Outcome, outcome
from tillwright.gateways.database import Tx


@dataclass(frozen=True)
class Wait:
    """What a step waits for: a time (`event` is None), or an event until then.

    `match` is an expression on `arrived` and on `names`, what the run knew when it began to wait. `arrived` is what
    came; None while nothing did.
    """

    run_id: str
    step: str
    attempt: int
    event: str | None
    match: str | None
    names: Mapping[str, Any]
    due: datetime
    arrived: Mapping[str, Any] | None
    created: datetime


@dataclass(frozen=True)
class Gate:
    """What may stop a run from taking its next step; `taken` is how that step came out, if it is over already."""

    workflow_id: str
    cancelled_by: str | None
    stopped_by: str | None
    taken: Outcome | None = None
    paused: str | None = None
    """The workflow's name, if it is paused."""

    @property
    def why(self) -> str | None:
        """Why nothing may be done for the run just now; None if it may go on."""
        if self.cancelled_by:
            return f"Cancelled by {self.cancelled_by}."
        if self.stopped_by:
            return f"{self.stopped_by} has stopped all automation."
        return f"{self.paused} is paused." if self.paused else None


async def gate(tx: Tx, organisation_id: str, run_id: str, step: str | None = None, attempt: int = 1) -> Gate:
    row = await (
        await tx.execute(
            "select r.workflow_id, r.cancel_by, "
            "case when s.stopped then coalesce(s.stopped_by, 'somebody') end as stopped_by, "
            "case when w.state = 'PAUSED' then w.name end as paused, t.state, t.answer, t.error "
            "from workflow_runs r join workflows w on w.id = r.workflow_id "
            "left join automation_switches s on s.organisation_id = r.organisation_id "
            "left join run_steps t on t.organisation_id = r.organisation_id and t.run_id = r.id "
            "and t.step = %s and t.attempt = %s and t.finished is not null "
            "where r.organisation_id = %s and r.id = %s",
            (step, attempt, organisation_id, run_id),
        )
    ).fetchone()
    if row is None:
        return Gate("", "the deletion of its workflow", None)
    taken = outcome(StepState(row["state"]), row["answer"], row["error"]) if row["state"] else None
    return Gate(row["workflow_id"], row["cancel_by"], row["stopped_by"], taken, row["paused"])


async def journal(tx: Tx, organisation_id: str, run_id: str, segment: int) -> Sequence[Entry]:
    """What the segments before this one did; empty for the first."""
    row = await (
        await tx.execute(
            "select entries from run_journals where organisation_id = %s and run_id = %s and segment = %s",
            (organisation_id, run_id, segment),
        )
    ).fetchone()
    return row["entries"] if row else []


async def keep_journal(tx: Tx, organisation_id: str, run_id: str, segment: int, entries: Sequence[Entry]) -> None:
    """Keep what `segment` will begin with; what only long finished segments needed is dropped."""
    await tx.execute(
        "insert into run_journals (organisation_id, run_id, segment, entries) values (%s, %s, %s, %s) "
        "on conflict (organisation_id, run_id, segment) do update set entries = excluded.entries",
        (organisation_id, run_id, segment, Jsonb(list(entries))),
    )
    await tx.execute(
        "delete from run_journals where organisation_id = %s and run_id = %s and segment < %s",
        (organisation_id, run_id, segment - 1),
    )


async def park(
    tx: Tx,
    organisation_id: str,
    run_id: str,
    segment: int,
    *,
    wake_at: datetime,
    now: datetime,
    waits_for: str,
    reason: str | None,
) -> bool:
    """Lay a run aside until then; False if this segment is not its current one any more.

    Who woke the run while it was still on its way here is not forgotten: then it is due at once.
    """
    parked = await tx.execute(
        "update workflow_runs set state = 'WAITING', segment = segment + 1, handed_over = null, waits_for = %s, "
        "reason = %s, wake_at = case when nudged then %s else %s end, nudged = false "
        "where organisation_id = %s and id = %s and segment = %s and finished is null",
        (waits_for, reason, now, wake_at, organisation_id, run_id, segment),
    )
    return parked.rowcount == 1


async def nudge(tx: Tx, organisation_id: str, run_ids: Sequence[str], now: datetime) -> None:
    """Let runs look again now."""
    if run_ids:
        await tx.execute(
            "update workflow_runs set nudged = true, wake_at = case when state = 'WAITING' then %s else wake_at end "
            "where organisation_id = %s and id = any(%s) and finished is null",
            (now, organisation_id, list(run_ids)),
        )


async def nudge_stopped(tx: Tx, organisation_id: str, now: datetime) -> None:
    """Let all runs look again that the stop switch holds."""
    await tx.execute(
        "update workflow_runs set nudged = true, wake_at = %s "
        "where organisation_id = %s and state = 'WAITING' and waits_for = 'stop_switch'",
        (now, organisation_id),
    )


async def nudge_paused(tx: Tx, organisation_id: str, workflow_id: str, now: datetime) -> None:
    """Let all runs of a workflow look again that its pause holds."""
    await tx.execute(
        "update workflow_runs set nudged = true, wake_at = %s where organisation_id = %s and workflow_id = %s "
        "and state = 'WAITING' and waits_for = 'workflow_paused'",
        (now, organisation_id, workflow_id),
    )


async def next_wake(tx: Tx, at: datetime) -> datetime | None:
    """When the next parked run looks again, after a time, over all organisations."""
    row = await (await tx.execute("select runs as due from automation_due_next(%s)", (at,))).fetchone()
    return row["due"] if row else None


async def wait_of(tx: Tx, organisation_id: str, run_id: str, step: str, attempt: int) -> Wait | None:
    row = await (
        await tx.execute(
            "select * from run_waits where organisation_id = %s and run_id = %s and step = %s and attempt = %s",
            (organisation_id, run_id, step, attempt),
        )
    ).fetchone()
    return _wait(row) if row else None


async def add_wait(tx: Tx, organisation_id: str, wait: Wait) -> None:
    await tx.execute(
        "insert into run_waits (organisation_id, run_id, step, attempt, event, match, names, due, arrived, created) "
        "values (%(organisation_id)s, %(run_id)s, %(step)s, %(attempt)s, %(event)s, %(match)s, %(names)s, %(due)s, "
        "null, %(created)s) on conflict do nothing",
        vars(wait) | {"organisation_id": organisation_id, "names": Jsonb(dict(wait.names))},
    )


async def awaited(tx: Tx, organisation_id: str) -> frozenset[str]:
    """The names of the events that some run waits for, as they were written."""
    rows = await (
        await tx.execute(
            "select distinct event from run_waits where organisation_id = %s and event is not null and arrived is null",
            (organisation_id,),
        )
    ).fetchall()
    return frozenset(row["event"] for row in rows)


async def waits_for(tx: Tx, organisation_id: str, written: Sequence[str]) -> Sequence[Wait]:
    rows = await (
        await tx.execute(
            "select w.* from run_waits w join workflow_runs r on r.id = w.run_id "
            "where w.organisation_id = %s and w.event = any(%s) and w.arrived is null and r.finished is null",
            (organisation_id, list(written)),
        )
    ).fetchall()
    return [_wait(row) for row in rows]


async def arrive(tx: Tx, organisation_id: str, wait: Wait, arrived: Mapping[str, Any], spine_event_id: int) -> bool:
    """Note what came; False if something had come before."""
    noted = await tx.execute(
        "update run_waits set arrived = %s, spine_event_id = %s where organisation_id = %s and run_id = %s "
        "and step = %s and attempt = %s and arrived is null",
        (Jsonb(dict(arrived)), spine_event_id, organisation_id, wait.run_id, wait.step, wait.attempt),
    )
    return noted.rowcount == 1


async def used_events(tx: Tx, organisation_id: str, run_id: str) -> frozenset[int]:
    """The spine's events that ended a wait of this run before."""
    rows = await (
        await tx.execute(
            "select spine_event_id from run_waits "
            "where organisation_id = %s and run_id = %s and spine_event_id is not null",
            (organisation_id, run_id),
        )
    ).fetchall()
    return frozenset(row["spine_event_id"] for row in rows)


def _wait(row: Mapping[str, Any]) -> Wait:
    return Wait(
        row["run_id"], row["step"], row["attempt"], row["event"], row["match"], row["names"], row["due"],
        row["arrived"], row["created"],
    )  # fmt: skip
