"""A draft against what really happened: which runs it would have started, and what each would have sent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from tillwright.domains import audit
from tillwright.domains.automation import backtest_store, definition, moving, rules, triggers
from tillwright.domains.automation.carriers import selection
from tillwright.domains.automation.errand import Errand, Parts
from tillwright.domains.automation.given import KINDS as GIVEN
from tillwright.domains.automation.given import body, check
from tillwright.domains.automation.matching import applies
from tillwright.domains.automation.model import Trigger
from tillwright.domains.automation.past import Happened, Past, StoredEvents
from tillwright.domains.automation.rehearsal import Rehearsed, rehearse
from tillwright.domains.automation.requests import Selection
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock, to_unix
from tillwright.kit.errors import Absent, Conflict, Invalid

MOST_DAYS = 90
MOST_RUNS = 500
"""Runs that are rehearsed; more that would have started are only counted."""
NOT_IN_THE_PAST = {
    "manual": "Starts by hand can’t be looked back at: try it with inputs that a person would give.",
    "api": "Calls of the API can’t be looked back at: try it with inputs that a program would give.",
    "webhook": "Deliveries to its address can’t be looked back at: try it with a body that would be sent.",
}


@dataclass(frozen=True)
class Report:
    """`moved` and `requests` are totals over all rehearsed runs: {kind: {currency: minor units}}, {request: how often}.

    `events` were looked at, `matched` would have started a run; `cut` says that more events are stored than were read,
    or more runs would start than were rehearsed. `untried` says, in sentences, which of its starts are not in the past.
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
    untried: Sequence[str] = ()


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
        self._past = Past(clock=clock, stored=stored)

    async def run(self, principal: Principal, source: str, *, days: int = 7, livemode: bool = False) -> Report:
        """Try a definition's text against the last days: stored events of Stripe's, events of ours, times that came.

        Raises:
            Invalid: with every complaint about the text; none of its starts is in the past; a number of days out of
                range.
        """
        principal.require("workflow:write")
        found = definition.parse(source)
        if not 1 <= days <= MOST_DAYS:
            raise Invalid(
                "days_invalid", f"{days} days can't be looked back.", field="days", remedy=f"1 to {MOST_DAYS}."
            )
        if only_given(found):
            raise Invalid(
                "nothing_in_the_past",
                f"It starts only by what somebody gives ({found.starts}), so there is nothing to look back at.",
                remedy="Try it with what would be given.",
            )
        organisation_id, since = principal.organisation_id, self._clock.now() - timedelta(days=days)
        async with self._database.tenant(organisation_id) as tx:
            behind = await self._past.since(tx, organisation_id, found, livemode=livemode, since=since)
        matched = [one for one in behind.happened if applies(found, one.trigger, one.object)]
        runs = [await self._rehearse(organisation_id, found, one) for one in matched[:MOST_RUNS]]
        cut = behind.cut or len(matched) > MOST_RUNS
        report = _report(found, runs, livemode, days, len(behind.happened), len(matched), cut)
        await self._note(principal, source, found, report)
        return report

    async def with_event(self, principal: Principal, source: str, event_id: str) -> Report:
        """Try a definition's text with one thing that happened: what its run would have sent.

        It is no back-test: live mode still asks for one.

        Args:
            event_id: of a stored event of Stripe's, or of an event of ours or a time that it starts on; see `newest`.

        Raises:
            Invalid: with every complaint about the text; it does not start on events of this type.
            Absent: there is no such event.
        """
        principal.require("workflow:write")
        found, organisation_id = definition.parse(source), principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            one = await self._past.one(tx, organisation_id, found, event_id)
        if one is None:
            raise Absent(
                "stripe_event_absent", f"There is no stored event {event_id}.", field="eventId",
                remedy=f"Pick one that it starts on: {found.starts}.",
            )  # fmt: skip
        if not any(rules.matches(rule.listens_to or "schedule", one.trigger.name) for rule in found.rules):
            raise Invalid(
                "event_does_not_start_it", f"{found.name} does not start on {one.trigger.stripe_event_type}.",
                field="eventId", remedy=f"It starts on {found.starts}.",
            )  # fmt: skip
        return await self._alone(organisation_id, found, one)

    async def with_given(
        self,
        principal: Principal,
        source: str,
        given: Mapping[str, Any],
        *,
        kind: str | None = None,
        object_id: str | None = None,
        livemode: bool = False,
    ) -> Report:
        """Try a definition's text with what a person, a program or a sender would give.

        Of a text that starts in no other way this is its back-test.

        Args:
            kind: `manual`, `api` or `webhook`; its first such trigger, if left out. A webhook is given its body.
            object_id: the Stripe object that the start is about, where its trigger names a kind.

        Raises:
            Invalid: with every complaint about the text, or about what is given.
            Absent: the object is not in the mirror.
        """
        principal.require("workflow:write")
        found, organisation_id = definition.parse(source), principal.organisation_id
        rule = next((one for one in found.rules if one.kind in ([kind] if kind else GIVEN)), None)
        if rule is None or rule.kind not in GIVEN:
            raise Invalid(
                "trigger_absent", f"{found.name} is not started by {kind or 'what somebody gives'}.", field="trigger",
                remedy=f"It starts on {found.starts}.",
            )  # fmt: skip
        if rule.kind == "webhook":
            data = body(orjson.dumps(dict(given)), rule)
            now = to_unix(self._clock.now())
            one = Happened(triggers.delivered("msg_try", data, now, livemode=livemode), data)
        else:
            check(rule, given, object_id)
            trigger = triggers.by_hand(
                rule, given, self._clock.now(), name=rule.kind, key="try", livemode=livemode, object_id=object_id
            )
            one = Happened(trigger, await self._named(organisation_id, trigger))
        report = await self._alone(organisation_id, found, one)
        if only_given(found):
            await self._note(principal, source, found, report)
        return report

    async def newest(
        self, principal: Principal, source: str, *, livemode: bool = False, limit: int = 20
    ) -> Sequence[Happened]:
        """What a text would have started on last, newest first, to pick one for `with_event`; none of a wrong text."""
        principal.require("workflow:write")
        try:
            found = definition.parse(source)
        except Invalid:
            return []
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._past.newest(tx, principal.organisation_id, found, livemode=livemode, limit=limit)

    async def _alone(self, organisation_id: str, found: definition.Definition, one: Happened) -> Report:
        matched = [one] if applies(found, one.trigger, one.object) else []
        runs = [await self._rehearse(organisation_id, found, each) for each in matched]
        return _report(found, runs, one.trigger.livemode, 0, 1, len(matched), cut=False)

    async def _named(self, organisation_id: str, trigger: Trigger) -> Mapping[str, Any]:
        """The object that a start by hand is about; nothing, if it is about none."""
        if not trigger.object_type or not trigger.object_id:
            return trigger.data or {}
        async with self._database.tenant(organisation_id) as tx:
            copy = await self._parts.mirror.get(tx, trigger.object_type, trigger.object_id, livemode=trigger.livemode)
        return copy.body

    async def _note(self, principal: Principal, source: str, found: definition.Definition, report: Report) -> None:
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            await backtest_store.add(
                tx, organisation_id, report.id, found.name, digest(source), report.livemode, now, principal.name
            )
            detail = {
                "workflow": found.name, "days": report.days, "events": report.events, "matched": report.matched,
            }  # fmt: skip
            await audit.record(tx, organisation_id, principal.actor, "automation:backtest:run", report.id, detail, now)

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


def only_given(found: definition.Definition) -> bool:
    """Whether nothing in the past could have started it."""
    return all(rule.kind in GIVEN for rule in found.rules)


def _report(
    found: definition.Definition,
    runs: Sequence[Rehearsed],
    livemode: bool,
    days: int,
    events: int,
    matched: int,
    cut: bool,
) -> Report:
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
    untried = [NOT_IN_THE_PAST[kind] for kind in GIVEN if days and any(rule.kind == kind for rule in found.rules)]
    return Report(ids.new("bkt"), livemode, days, events, matched, runs, totals, dict(requests), unknown, cut, untried)
