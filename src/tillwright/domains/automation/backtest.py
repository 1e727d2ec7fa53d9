"""A draft against what really happened: which runs it would have started, and what each would have sent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from tillwright.domains import audit
from tillwright.domains.automation import backtest_store, definition, moving
from tillwright.domains.automation.carriers import selection
from tillwright.domains.automation.errand import Errand, Parts
from tillwright.domains.automation.matching import applies
from tillwright.domains.automation.model import Trigger
from tillwright.domains.automation.rehearsal import Rehearsed, rehearse
from tillwright.domains.automation.requests import Selection
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid

MOST_DAYS = 90
MOST_RUNS = 500
"""Runs that are rehearsed; more that would have started are only counted."""
MOST_EVENTS = 100_000


@dataclass(frozen=True)
class Happened:
    """A stored Stripe event with the object as it carried it."""

    trigger: Trigger
    object: Mapping[str, Any] | None


class StoredEvents(Protocol):
    """Where events are kept, oldest first."""

    async def since(
        self, tx: Tx, *, livemode: bool, types: Sequence[str], since: datetime, limit: int
    ) -> Sequence[Happened]: ...

    async def one(self, tx: Tx, event_id: str) -> Happened | None: ...


@dataclass(frozen=True)
class Report:
    """`moved` and `requests` are totals over all rehearsed runs: {kind: {currency: minor units}}, {request: how often}.

    `events` were looked at, `matched` would have started a run; `cut` says that more events are stored than were read,
    or more runs would start than were rehearsed.
    """

    id: str
    livemode: bool
    days: int
    events: int
    matched: int
    runs: Sequence[Rehearsed]
    moved: Mapping[str, Mapping[str, int]]
    requests: Mapping[str, int]
    unknown_amounts: int
    cut: bool


def digest(source: str) -> str:
    """Which text was tried."""
    return hashlib.sha256(source.encode()).hexdigest()


async def guard(
    tx: Tx, organisation_id: str, found: definition.Definition, source: str, *, livemode: bool, override: bool
) -> bool:
    """In live mode, what moves money is tried before it is let loose; whether only the override let it.

    Raises:
        Conflict: exactly this text was never tried, and nobody overrides that.
    """
    if not livemode or not moving.moves_money(found.plain()):
        return False
    tried = await backtest_store.was_tried(tx, organisation_id, digest(source))
    if not tried and not override:
        raise Conflict(
            "backtest_needed",
            f"{found.name} moves money in live mode, and this text was never tried against stored events.",
            remedy="Run a back-test of it and look at what it would have done; or override this, which is audited.",
        )
    return not tried


class Backtest:
    """Nothing is sent and nothing of the organisation's is changed; that it was done is noted."""

    def __init__(self, *, clock: Clock, database: Database, parts: Parts, stored: StoredEvents | None) -> None:
        self._clock = clock
        self._database = database
        self._parts = parts
        self._stored = stored

    async def run(self, principal: Principal, source: str, *, days: int = 7, livemode: bool = False) -> Report:
        """Try a definition's text against the events of the last days.

        Raises:
            Invalid: with every complaint about the text; it starts on no Stripe event; a number of days out of range.
        """
        principal.require("workflow:write")
        found = definition.parse(source)
        if not 1 <= days <= MOST_DAYS:
            raise Invalid(
                "days_invalid", f"{days} days can't be looked back.", field="days", remedy=f"1 to {MOST_DAYS}."
            )
        types = sorted({rule.value for rule in found.rules if rule.kind == "stripe_event"})
        if not types or self._stored is None:
            raise Invalid("trigger_invalid", "It starts on no Stripe event, so there is nothing to try it against.")
        organisation_id, since = principal.organisation_id, self._clock.now() - timedelta(days=days)
        async with self._database.tenant(organisation_id) as tx:
            happened = await self._stored.since(tx, livemode=livemode, types=types, since=since, limit=MOST_EVENTS)
        matched = [one for one in happened if applies(found, one.trigger, one.object)]
        runs = [await self._rehearse(organisation_id, found, one) for one in matched[:MOST_RUNS]]
        cut = len(happened) >= MOST_EVENTS or len(matched) > MOST_RUNS
        report = _report(runs, livemode, days, len(happened), len(matched), cut)
        async with self._database.tenant(organisation_id) as tx:
            await backtest_store.add(
                tx, organisation_id, report.id, found.name, digest(source), livemode, self._clock.now(), principal.name
            )
            detail = {"workflow": found.name, "days": days, "events": len(happened), "matched": len(matched)}
            await audit.record(
                tx, organisation_id, principal.actor, "automation:backtest:run", report.id, detail, self._clock.now()
            )
        return report

    async def with_event(self, principal: Principal, source: str, event_id: str) -> Report:
        """Try a definition's text with one stored event: what its run would have sent.

        It is no back-test: live mode still asks for one.

        Raises:
            Invalid: with every complaint about the text; it does not start on events of this type.
            Absent: there is no such stored event.
        """
        principal.require("workflow:write")
        found, organisation_id = definition.parse(source), principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            one = await self._stored.one(tx, event_id) if self._stored else None
        if one is None:
            raise Absent("stripe_event_absent", f"There is no stored event {event_id}.", field="eventId")
        if one.trigger.stripe_event_type not in {rule.value for rule in found.rules if rule.kind == "stripe_event"}:
            raise Invalid(
                "event_does_not_start_it", f"{found.name} does not start on {one.trigger.stripe_event_type}.",
                field="eventId", remedy=f"It starts on {found.starts}.",
            )  # fmt: skip
        matched = [one] if applies(found, one.trigger, one.object) else []
        runs = [await self._rehearse(organisation_id, found, each) for each in matched]
        return _report(runs, one.trigger.livemode, 0, 1, len(matched), cut=False)

    async def _rehearse(self, organisation_id: str, found: definition.Definition, one: Happened) -> Rehearsed:
        livemode = one.trigger.livemode

        async def look(object_type: str, object_id: str) -> Mapping[str, Any] | None:
            async with self._database.tenant(organisation_id) as tx:
                try:
                    return (await self._parts.mirror.get(tx, object_type, object_id, livemode=livemode)).body
                except Absent:
                    return None

        async def select(request: Selection) -> dict[str, Any]:
            errand = Errand(organisation_id, "run_rehearsal", found.name, "read", 1, livemode)
            return (await selection.carry(self._parts, errand, request)).outcome["answer"] or {}

        return await rehearse(found, one.trigger, one.object, look=look, select=select)


def _report(runs: Sequence[Rehearsed], livemode: bool, days: int, events: int, matched: int, cut: bool) -> Report:
    moved: dict[str, Counter[str]] = {}
    requests: Counter[str] = Counter()
    unknown = 0
    for one in (planned for run in runs for planned in run.planned):
        asked: Mapping[str, Any] = one.request
        requests[f"{asked['method']} {asked['path']}" if asked.get("path") else str(asked["kind"])] += 1
        if one.movement and one.movement.amount is not None and one.movement.currency:
            moved.setdefault(one.movement.kind, Counter())[one.movement.currency] += one.movement.amount
        elif one.movement:
            unknown += 1
    totals = {kind: dict(sums) for kind, sums in moved.items()}
    return Report(ids.new("bkt"), livemode, days, events, matched, runs, totals, dict(requests), unknown, cut)
