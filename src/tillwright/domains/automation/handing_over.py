"""Giving the workers the runs that are due: new ones, woken ones, those taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation import run_store
from tillwright.domains.automation.model import Run
from tillwright.domains.automation.plan import Plan, queue_id
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.database.group_commit import turn_to
from tillwright.gateways.durable import RunQueue
from tillwright.kit.clock import Clock

IN_HAND = 20
"""Runs of one organisation that workers have at a time; more wait in the outbox."""
TOGETHER = 8
"""Runs that are read, handed over and noted at a time: who comes meanwhile waits for no more than these."""


async def hand_over(database: Database, clock: Clock, queue: RunQueue, limit: int, each: int) -> int:
    """Hand over what is due, fairly between organisations, and in order within a lane; returns how many.

    Of one organisation at most `each` are in the workers' hands, and who has fewest comes first, so that a loud one's
    runs are never in front of a quiet one's. Handing over comes after the commit and is noted after that: a crash
    between hands over again, under the same id, which changes nothing.
    """
    handed = 0
    while handed < limit:
        async with database.open() as tx:
            some = await _hand_over(tx, clock, queue, min(TOGETHER, limit - handed), each)
        handed += some
        if some < TOGETHER:
            break
    return handed


async def _hand_over(tx: Tx, clock: Clock, queue: RunQueue, limit: int, each: int) -> int:
    """The runs' locks are held until the transaction ends, so that of two workers each takes others.

    It writes only at its end: a transaction that has written holds up the spine's readers.
    """
    due = await run_store.waiting(tx, clock.now(), limit, each)
    found = await _read(tx, due)
    there = [found[organisation_id].get(run_id, (None, None)) for organisation_id, run_id in due]
    # At once, because each waits for a commit; all of them, because what is half begun must not be let go of.
    begun = await asyncio.gather(
        *(
            queue.enqueue(queue_id(run.id, run.segment), Plan.payload(run, document))
            for run, document in there
            if run and document
        ),
        return_exceptions=True,
    )
    for error in begun:
        if error:
            raise error
    for organisation_id, runs in found.items():
        await turn_to(tx, organisation_id)
        await run_store.mark_handed_over(tx, organisation_id, [run for run, _ in runs.values()], clock.now())
    return sum(len(runs) for runs in found.values())


async def _read(
    tx: Tx, due: Sequence[tuple[str, str]]
) -> Mapping[str, Mapping[str, tuple[Run, Mapping[str, Any] | None]]]:
    """Runs with their definitions, by organisation and id; without those that another worker took before the lock."""
    found: dict[str, Mapping[str, tuple[Run, Mapping[str, Any] | None]]] = {}
    for organisation_id in dict.fromkeys(organisation_id for organisation_id, _ in due):
        await turn_to(tx, organisation_id)
        ids = [run_id for of, run_id in due if of == organisation_id]
        found[organisation_id] = await run_store.to_hand_over(tx, organisation_id, ids)
    return found
