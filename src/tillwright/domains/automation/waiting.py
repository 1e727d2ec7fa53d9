"""What a run waits for: a time, or an event that fits; found when it comes, or among those that came before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tillwright.domains import events
from tillwright.domains.automation import conditions, own_events, park_store, periods, rules, triggers
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import Outcome, outcome, waiting
from tillwright.domains.automation.park_store import Wait
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.reading import condition
from tillwright.domains.automation.rules import STRIPE
from tillwright.domains.automation.step import Step
from tillwright.domains.events import SpineEvent
from tillwright.domains.mirror import Mirror
from tillwright.gateways.database import Tx
from tillwright.kit.clock import Clock, from_unix
from tillwright.kit.errors import Absent, Invalid

CONSUMER = "automation"
"""Who reads the spine for this room."""
MOST_EARLIER = 500
"""Events that came before a wait began are looked through up to this many."""


class Waiting:
    """`begin_or_look` may be called any number of times; a wait is noted once and ends once."""

    def __init__(self, clock: Clock, mirror: Mirror) -> None:
        self._clock = clock
        self._mirror = mirror

    async def begin_or_look(
        self, tx: Tx, plan: Plan, step: Step, path: str, attempt: int, scope: conditions.Scope, since: datetime
    ) -> Outcome:
        """DONE once the time or the event has come.

        Args:
            since: when the run was made; an event that came after that counts, unless it ended a wait before.

        Raises:
            Invalid: `until` gives no time.
        """
        now = self._clock.now()
        wait = await park_store.wait_of(tx, plan.organisation_id, plan.run_id, path, attempt)
        if wait is None:
            wait = _wait(plan, step, path, attempt, scope, now)
            if wait.event:
                await events.hold(tx, plan.organisation_id, CONSUMER)
            await park_store.add_wait(tx, plan.organisation_id, wait)
            if wait.event and await self._came_before(tx, plan, wait, since):
                wait = await park_store.wait_of(tx, plan.organisation_id, plan.run_id, path, attempt) or wait
        if wait.arrived is not None:
            return outcome(StepState.DONE, {"timed_out": False, **wait.arrived})
        if now >= wait.due:
            return outcome(StepState.DONE, {"timed_out": wait.event is not None, "event": None, "object": None})
        left = (wait.due - now).total_seconds()
        return waiting("event" if wait.event else "time", f"Until {wait.due:%Y-%m-%d %H:%M:%S} UTC.", left)

    async def _came_before(self, tx: Tx, plan: Plan, wait: Wait, since: datetime) -> bool:
        used = await park_store.used_events(tx, plan.organisation_id, plan.run_id)
        assert wait.event is not None
        names = [rule.listens_to or "" for rule in rules.awaited(wait.event)]
        for event in await events.since(tx, plan.organisation_id, names, since, MOST_EARLIER):
            fresh = event.id not in used and event.id > plan.trigger.spine_event_id
            if fresh and await self.try_end(tx, event, wait):
                return True
        return False

    async def try_end(self, tx: Tx, event: SpineEvent, wait: Wait) -> bool:
        """End the wait if the event fits; whether it did."""
        arrived = await self._arrived(tx, event)
        if not fits(wait, arrived):
            return False
        return await park_store.arrive(tx, event.organisation_id, wait, arrived, event.id)

    async def _arrived(self, tx: Tx, event: SpineEvent) -> dict[str, Any]:
        data = event.data
        shown = {"name": event.name, "type": event.name.removeprefix(STRIPE), "data": data}
        if not event.name.startswith(STRIPE):
            return {"event": shown, "object": data}
        found = triggers.trigger_of(event)
        if not found.object_type or not found.object_id:
            return {"event": shown, "object": None}
        try:
            copy = await self._mirror.get(tx, found.object_type, found.object_id, livemode=found.livemode)
        except Absent:
            return {"event": shown, "object": None}
        return {"event": shown, "object": copy.body}


def fits(wait: Wait, arrived: Mapping[str, Any]) -> bool:
    """Whether what came is what was waited for; a match that can't be worked out is none."""
    if wait.match is None:
        return True
    try:
        return conditions.holds(conditions.compile(wait.match), conditions.Scope({**wait.names, "arrived": arrived}))
    except Invalid:
        return False


def _wait(plan: Plan, step: Step, path: str, attempt: int, scope: conditions.Scope, now: datetime) -> Wait:
    given: Mapping[str, Any] = step.settings["wait"]
    if "event" in given:
        written = given["event"]
        name = written if ":" in written or own_events.is_scope(written) else STRIPE + written
        match = condition(given.get("match"))
        needed = conditions.compile(match).roots if match else frozenset[str]()
        names = {root: value for root, value in scope.data.items() if root in needed}
        due = now + timedelta(seconds=periods.seconds(given["at_most"]) or 0)
        return Wait(plan.run_id, path, attempt, name, match, names, due, None, now)
    if "for" in given:
        due = now + timedelta(seconds=periods.seconds(given["for"]) or 0)
    else:
        due = min(moment(conditions.evaluate(conditions.compile(condition(given["until"]) or ""), scope)),
                  now + timedelta(seconds=periods.LONGEST))  # fmt: skip
    return Wait(plan.run_id, path, attempt, None, None, {}, due, None, now)


def moment(value: Any) -> datetime:
    """A time as an expression gives it: unix seconds, or RFC 3339; a date is its beginning in UTC.

    Raises:
        Invalid: it is neither.
    """
    try:
        if type(value) in (int, float):
            return from_unix(value)
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Invalid(
            "time_invalid", f"`until` gives {value!r}, which is no time.", remedy="Give unix seconds or RFC 3339."
        ) from error
