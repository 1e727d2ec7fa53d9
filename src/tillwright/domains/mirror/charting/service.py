"""Days for charts: read from the objects while these are few, from what the worker counted where they are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from tillwright.domains.mirror import store as objects
from tillwright.domains.mirror.charting import store
from tillwright.domains.mirror.model import Day
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock

CHARTED = ("payment_intent", "charge", "refund", "customer")
MANY = 20_000
"""Objects of a type; up to so many are read each time."""
AGAIN = timedelta(hours=1)
"""How old what was counted of the days before today may get: a refund of last week shows within it."""
STALE = timedelta(hours=26)
"""Older than that it is not used: no worker is at work."""
SPAN = timedelta(days=400)


class Charting:
    """`days` is exact for today, and for all days of an account with few objects."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def days(
        self, tx: Tx, types: Sequence[str] = CHARTED, *, livemode: bool, since: datetime, until: datetime
    ) -> Mapping[str, Sequence[Day]]:
        """Objects by UTC day of creation, currency and status, with what they moved (see `Day`); in no order.

        Args:
            since, until: midnights in UTC, the second one exclusive.
        """
        first, last = since.date(), until.date()
        usable = {
            name: min(max(kept.until, first), last)
            for name, kept in (await store.kept(tx, livemode, types)).items()
            if kept.computed >= self._clock.now() - STALE and kept.since <= first
        }
        before = await store.days(tx, livemode, dict.fromkeys(usable, first), usable)
        found: dict[str, Sequence[Day]] = {}
        for name in types:
            edge = _midnight(usable[name]) if name in usable else since
            found[name] = [*before.get(name, ()), *await objects.days(tx, livemode, name, edge, until)]
        return found

    async def step(self) -> int:
        """Count the days of large accounts that were not counted for an hour; 0: there is no hurry."""
        now = self._clock.now()
        async with self._database.open() as tx:
            organisations = await store.organisations_due(tx, CHARTED, MANY, now - AGAIN)
        for organisation_id in organisations:
            async with self._database.tenant(organisation_id) as tx:
                due = await store.due(tx, organisation_id, CHARTED, MANY, now - AGAIN)
            for livemode, object_type in due:
                await self._count(organisation_id, livemode, object_type, now)
        return 0

    async def _count(self, organisation_id: str, livemode: bool, object_type: str, now: datetime) -> None:
        until = now.date()
        since = until - SPAN
        async with self._database.tenant(organisation_id) as tx:
            rows = await objects.days(tx, livemode, object_type, _midnight(since), _midnight(until))
            await store.keep(tx, organisation_id, livemode, object_type, since, until, rows, now)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
