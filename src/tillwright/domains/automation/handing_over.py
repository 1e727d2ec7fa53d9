"""Giving the workers' queue the runs that are due: new ones, woken ones, those taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation import run_store
from tillwright.domains.automation.model import Run
from tillwright.domains.automation.plan import Plan, queue_id
from tillwright.gateways.database import Database
from tillwright.gateways.durable import RunQueue
from tillwright.kit.clock import Clock

IN_HAND = 40
"""Runs of one organisation that workers have at a time; more wait in the outbox."""
TOGETHER = 20
"""Runs that are read, handed over and noted at a time."""


async def hand_over(database: Database, clock: Clock, queue: RunQueue, limit: int, each: int) -> int:
    """Hand over what is due, fairly between organisations, and in order within a lane; returns how many.

    Of one organisation at most `each` are in the workers' hands, so that a loud one's queue is never in front of a
    quiet one. Handing over comes after the commit and is noted after that: a crash between hands over again, under the
    same id, which changes nothing.
    """
    async with database.open() as tx:
        due = await run_store.waiting(tx, clock.now(), limit, each)
    for start in range(0, len(due), TOGETHER):
        some = due[start : start + TOGETHER]
        found = await _read(database, some)
        for organisation_id, run_id in some:
            run, document = found[organisation_id].get(run_id, (None, None))
            if run and document:
                await queue.enqueue(queue_id(run_id, run.segment), Plan.payload(run, document))
        for organisation_id, runs in found.items():
            async with database.tenant(organisation_id) as tx:
                noted = [run for run, _ in runs.values()]
                await run_store.mark_handed_over(tx, organisation_id, noted, clock.now())
    return len(due)


async def _read(
    database: Database, due: Sequence[tuple[str, str]]
) -> Mapping[str, Mapping[str, tuple[Run, Mapping[str, Any] | None]]]:
    """Runs with their definitions, by organisation and id."""
    found: dict[str, Mapping[str, tuple[Run, Mapping[str, Any] | None]]] = {}
    for organisation_id in dict.fromkeys(organisation_id for organisation_id, _ in due):
        async with database.tenant(organisation_id) as tx:
            ids = [run_id for of, run_id in due if of == organisation_id]
            found[organisation_id] = await run_store.to_hand_over(tx, organisation_id, ids)
    return found
