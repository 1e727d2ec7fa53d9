"""The only SQL on schedules: one ticker reads them for every organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tillwright.gateways.database import Tx


@dataclass(frozen=True)
class Schedule:
    """One schedule of a workflow; `next_at` is when it is due, in UTC."""

    number: int
    cron: str
    time_zone: str
    next_at: datetime


async def replace(tx: Tx, organisation_id: str, workflow_id: str, schedules: Sequence[Schedule]) -> None:
    """Put these in place of the workflow's; one that stays as it was keeps its time."""
    await tx.execute(
        "delete from workflow_schedules where organisation_id = %s and workflow_id = %s and not (number = any(%s))",
        (organisation_id, workflow_id, [schedule.number for schedule in schedules]),
    )
    for schedule in schedules:
        await tx.execute(
            "insert into workflow_schedules (organisation_id, workflow_id, number, cron, time_zone, next_at) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (organisation_id, workflow_id, number) do update "
            "set cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at "
            "where (workflow_schedules.cron, workflow_schedules.time_zone) <> (excluded.cron, excluded.time_zone)",
            (organisation_id, workflow_id, schedule.number, schedule.cron, schedule.time_zone, schedule.next_at),
        )


async def next_due(tx: Tx, at: datetime) -> datetime | None:
    """When the next one is due, over all organisations."""
    row = await (await tx.execute("select schedules as due from automation_due_next(%s)", (at,))).fetchone()
    return row["due"] if row else None


async def due(tx: Tx, at: datetime, limit: int) -> Sequence[tuple[str, str, int]]:
    """(organisation, workflow, number) of what is due, over all organisations."""
    rows = await (await tx.execute("select * from schedules_due(%s, %s)", (at, limit))).fetchall()
    return [(row["organisation_id"], row["workflow_id"], row["number"]) for row in rows]


async def lock(tx: Tx, organisation_id: str, workflow_id: str, number: int) -> Schedule | None:
    """A schedule, held; None if it is gone, or another process has it in hand."""
    row = await (
        await tx.execute(
            "select number, cron, time_zone, next_at from workflow_schedules "
            "where organisation_id = %s and workflow_id = %s and number = %s for update skip locked",
            (organisation_id, workflow_id, number),
        )
    ).fetchone()
    return Schedule(**row) if row else None


async def move(tx: Tx, organisation_id: str, workflow_id: str, number: int, next_at: datetime) -> None:
    await tx.execute(
        "update workflow_schedules set next_at = %s where organisation_id = %s and workflow_id = %s and number = %s",
        (next_at, organisation_id, workflow_id, number),
    )
