"""What is behind us that a draft would have started on: Stripe's stored events, events of ours, and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Protocol

from tillwright.domains import events
from tillwright.domains.automation import cron, rules, triggers
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Trigger
from tillwright.domains.events import SpineEvent
from tillwright.gateways.database import Tx
from tillwright.kit.clock import Clock

MOST_EVENTS = 100_000
MOST_TIMES = 5_000
"""Of one schedule; one that comes every minute is looked back for three days and a half."""
LONGEST = timedelta(days=90)


@dataclass(frozen=True)
class Happened:
    """What would have started a run, with the object as it came along."""

    trigger: Trigger
    object: Mapping[str, Any] | None


@dataclass(frozen=True)
class Behind:
    """What happened, oldest first; `cut` says that there is more than was read."""

    happened: Sequence[Happened]
    cut: bool


class StoredEvents(Protocol):
    """Where Stripe's events are kept."""

    async def since(
        self, tx: Tx, *, livemode: bool, types: Sequence[str], since: datetime, limit: int
    ) -> Sequence[Happened]:
        """Oldest first."""
        ...

    async def newest(self, tx: Tx, *, livemode: bool, types: Sequence[str], limit: int) -> Sequence[Happened]:
        """Newest first."""
        ...

    async def one(self, tx: Tx, event_id: str) -> Happened | None: ...

    async def cause(self, tx: Tx, event_id: str) -> str | None:
        """The idempotency key of the write of ours that led to an event; None if another's did, or it is not kept."""
        ...


class Past:
    """Reads only."""

    def __init__(self, *, clock: Clock, stored: StoredEvents | None) -> None:
        self._clock = clock
        self._stored = stored

    async def since(
        self, tx: Tx, organisation_id: str, found: Definition, *, livemode: bool, since: datetime
    ) -> Behind:
        """All that a definition would have started on; one happening counts once, whatever names it."""
        types, names = _types(found), _names(found)
        stripes: Sequence[Happened] = []
        if types and self._stored:
            stripes = await self._stored.since(tx, livemode=livemode, types=types, since=since, limit=MOST_EVENTS)
        spine = await events.since(tx, organisation_id, names, since, MOST_EVENTS)
        ours = _ours(spine, names, livemode=livemode)
        times, late = self._times(found, since, livemode=livemode)
        cut = late or MOST_EVENTS in (len(stripes), len(spine))
        return Behind(sorted([*stripes, *ours, *times], key=lambda one: one.trigger.created), cut)

    async def newest(
        self, tx: Tx, organisation_id: str, found: Definition, *, livemode: bool, limit: int
    ) -> Sequence[Happened]:
        """The last that it would have started on, newest first, to pick one from."""
        types, names, now = _types(found), _names(found), self._clock.now()
        stripes: Sequence[Happened] = []
        if types and self._stored:
            stripes = await self._stored.newest(tx, livemode=livemode, types=types, limit=limit)
        spine = await events.newest(tx, organisation_id, names, now - LONGEST, limit)
        times: Sequence[Happened] = []
        for back in (timedelta(hours=2), timedelta(days=2), LONGEST):
            times, _ = self._times(found, now - back, livemode=livemode)
            if len(times) >= limit:
                break
        every = [*stripes, *_ours(spine, names, livemode=livemode), *times]
        return sorted(every, key=lambda one: one.trigger.created, reverse=True)[:limit]

    async def one(self, tx: Tx, organisation_id: str, found: Definition, event_id: str) -> Happened | None:
        """What has this id: a stored event of Stripe's, or an event of ours or a time that the definition names."""
        stored = await self._stored.one(tx, event_id) if self._stored else None
        if stored is not None:
            return stored
        since, names = self._clock.now() - LONGEST, _names(found)
        spine = await events.since(tx, organisation_id, names, since, MOST_EVENTS)
        both = [one for livemode in (True, False) for one in _ours(spine, names, livemode=livemode)]
        times, _ = self._times(found, since, livemode=False)
        return next((one for one in [*both, *times] if one.trigger.stripe_event_id == event_id), None)

    def _times(self, found: Definition, since: datetime, *, livemode: bool) -> tuple[Sequence[Happened], bool]:
        now, came, cut = self._clock.now(), list[Happened](), False
        schedules = [rule for rule in found.rules if rule.kind == "schedule"]
        for number, rule in enumerate(schedules, 1):
            due = takewhile(lambda time: time <= now, cron.times_after(rule.cron, rule.time_zone, since))
            times = list(islice(due, MOST_TIMES + 1))
            cut = cut or len(times) > MOST_TIMES
            for moment in times[:MOST_TIMES]:
                trigger = triggers.on_time(number, moment, rule.time_zone, livemode=livemode)
                came.append(Happened(trigger, trigger.data))
        return came, cut


def _types(found: Definition) -> Sequence[str]:
    return sorted({rule.value for rule in found.rules if rule.kind == "stripe_event"})


def _names(found: Definition) -> Sequence[str]:
    return sorted({rule.value for rule in found.rules if rule.kind == "event"})


def _ours(spine: Iterable[SpineEvent], names: Sequence[str], *, livemode: bool) -> Sequence[Happened]:
    """Those of a mode; what is of none counts in both, as it would have started runs in the mode that was connected."""
    came: list[Happened] = []
    for event in spine:
        trigger = triggers.trigger_of(event)
        if triggers.says_its_mode(event) and trigger.livemode is not livemode:
            continue
        if any(rules.matches(name, event.name) for name in names):
            came.append(Happened(replace(trigger, livemode=livemode), trigger.data))
    return came
