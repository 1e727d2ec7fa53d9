"""Recording what happened, and handing it on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from tillwright.domains.events import store
from tillwright.domains.events.model import SpineEvent
from tillwright.gateways.database import Database, Tx

Reaction = Callable[[Tx, SpineEvent], Awaitable[None]]
Together = Callable[[Tx, str, Sequence[SpineEvent]], Awaitable[object]]
"""Takes the transaction, the organisation and a batch of its events in order."""


async def record(tx: Tx, organisation_id: str, name: str, data: dict[str, Any], at: datetime) -> int:
    """Append to the spine in the caller's transaction: it is recorded if, and only if, the thing itself commits.

    Args:
        name: `subject:thing:action`.
        data: JSON; no secrets.
        at: UTC.
    """
    if name.count(":") < 2:
        raise ValueError(f"a spine event is named subject:thing:action, not {name!r}")
    return await store.insert(tx, organisation_id, name, data, at)


async def record_all(
    tx: Tx, organisation_id: str, happenings: Sequence[tuple[str, dict[str, Any]]], at: datetime
) -> None:
    """The same for many at once: (name, data) each."""
    for name, _ in happenings:
        if name.count(":") < 2:
            raise ValueError(f"a spine event is named subject:thing:action, not {name!r}")
    if happenings:
        await store.insert_all(tx, organisation_id, happenings, at)


async def behind(database: Database, consumer: str) -> Sequence[str]:
    """The organisations that have events this consumer was not given yet."""
    async with database.open() as tx:
        return await store.organisations_behind(tx, consumer)


async def hand_on(database: Database, organisation_id: str, consumer: str, react: Reaction, limit: int = 200) -> int:
    """Give the consumer its next events, in order; returns how many.

    What `react` writes with the given transaction commits together with the consumer's place, so each event is
    handed on once, however many processes read. If `react` raises, nothing moves and the events come again.
    """

    async def one_by_one(tx: Tx, _: str, events: Sequence[SpineEvent]) -> object:
        for event in events:
            await react(tx, event)
        return None

    return await hand_on_together(database, organisation_id, consumer, one_by_one, limit)


async def hand_on_together(
    database: Database, organisation_id: str, consumer: str, react: Together, limit: int = 200
) -> int:
    """The same for a consumer that takes an organisation's events a batch at a time."""
    async with database.tenant(organisation_id) as tx:
        place = await store.lock_place(tx, organisation_id, consumer)
        if place is None:
            return 0
        found = await store.after(tx, organisation_id, place, limit)
        if found:
            await react(tx, organisation_id, [event for _, event in found])
            transaction, last = found[-1]
            await store.move_place(tx, organisation_id, consumer, (transaction, last.id))
        return len(found)


async def hold(tx: Tx, organisation_id: str, consumer: str) -> None:
    """Let no reader hand events on to this consumer until the transaction ends.

    What is recorded before is committed and seen by the caller; what comes later is handed on after it.
    """
    await store.hold_place(tx, organisation_id, consumer)


async def since(
    tx: Tx, organisation_id: str, names: Sequence[str], moment: datetime, limit: int
) -> Sequence[SpineEvent]:
    """What was recorded under these names from then on, oldest first. A `*` in a name stands for any text."""
    return await store.since(tx, organisation_id, names, moment, limit)


async def newest(
    tx: Tx, organisation_id: str, names: Sequence[str], moment: datetime, limit: int
) -> Sequence[SpineEvent]:
    """The same, newest first."""
    return await store.since(tx, organisation_id, names, moment, limit, newest=True)
