"""Which workflows an event starts, and which waiting runs it wakes; the others cost nothing but a look."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tillwright.domains.automation import (
    conditions,
    definition,
    kept_store,
    park_store,
    rules,
    run_store,
    store,
    triggers,
)
from tillwright.domains.automation.closing import close_run
from tillwright.domains.automation.controls import DEEPEST
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Run, RunState, Trigger, Workflow, WorkflowState
from tillwright.domains.automation.past import StoredEvents
from tillwright.domains.automation.plan import event_of
from tillwright.domains.automation.shapes import is_map
from tillwright.domains.automation.waiting import Waiting
from tillwright.domains.billing import Effects
from tillwright.domains.events import SpineEvent
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.gateways.database import Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid

Copies = dict[tuple[str | None, str | None, bool], Mapping[str, Any] | None]
"""Objects by type, id and mode, as the mirror has them; None where it has none."""
MOST_ORGANISATIONS = 2_000
"""Whose definitions are kept at hand."""


@dataclass(frozen=True)
class Listener:
    """A workflow with its definition understood."""

    workflow: Workflow
    found: Definition


@dataclass(frozen=True)
class Listeners:
    """An organisation's workflows by the event that starts them; `patterns` are those with a `*`."""

    revision: int
    exact: Mapping[str, Sequence[Listener]]
    patterns: Sequence[tuple[str, Listener]]

    def of(self, name: str) -> Sequence[Listener]:
        found = list(self.exact.get(name, ()))
        found += [listener for pattern, listener in self.patterns if rules.matches(pattern, name)]
        return list({listener.workflow.id: listener for listener in found}.values())


class Matcher:
    """Reads the mirror, never Stripe: it is called for every event there is."""

    def __init__(
        self, *, clock: Clock, mirror: Mirror, waits: Waiting, effects: Effects, integrations: Integrations,
        stored: StoredEvents | None,
    ) -> None:  # fmt: skip
        self._stored = stored
        self._effects = effects
        self._integrations = integrations
        self._clock = clock
        self._mirror = mirror
        self._waits = waits
        self._kept: OrderedDict[str, Listeners] = OrderedDict()

    async def take(self, tx: Tx, organisation_id: str, events: Sequence[SpineEvent]) -> int:
        """Commit a run for each workflow an event starts, in the caller's transaction; returns how many.

        What would start a paused workflow is kept for its replay. A workflow whose condition is false for the object
        as the mirror has it is left alone. A run's own first step
        fetches the object again and decides anew, so a mirror that lags starts a run too many, never a wrong write.
        """
        listeners = await self._listeners(tx, organisation_id)
        awaited = await park_store.awaited(tx, organisation_id)
        loose = [written for written in awaited if rules.is_loose(written)]
        fresh: list[tuple[Run, Definition]] = []
        copies: Copies = {}
        for event in events:
            meant = [written for written in loose if rules.hears(written, event.name)]
            if meant or event.name in awaited:
                await self._wake(tx, event, [event.name, *meant])
            heard = listeners.of(event.name)
            if heard:
                fresh += await self._runs(tx, event, heard, copies)
        return await self._add_all(tx, organisation_id, fresh)

    async def _wake(self, tx: Tx, event: SpineEvent, written: Sequence[str]) -> None:
        waits = await park_store.waits_for(tx, event.organisation_id, written)
        ended = [wait.run_id for wait in waits if await self._waits.try_end(tx, event, wait)]
        await park_store.nudge(tx, event.organisation_id, ended, self._clock.now())

    async def _runs(
        self, tx: Tx, event: SpineEvent, heard: Sequence[Listener], copies: Copies
    ) -> Sequence[tuple[Run, Definition]]:
        """The runs that an event starts; `copies` are the objects read so far. What a paused one misses is kept."""
        trigger = await self._cause(tx, event, triggers.trigger_of(event))
        copy = None
        if any(listener.found.when or listener.found.concurrency for listener in heard):
            named = (trigger.object_type, trigger.object_id, trigger.livemode)
            if not trigger.object_id or named not in copies:
                copies[named] = await self.object_of(tx, trigger)
            copy = copies[named]
        found: list[tuple[Run, Definition]] = []
        for listener in heard:
            if applies(listener.found, trigger, copy):
                run_id = triggers.run_id(listener.workflow.id, trigger.stripe_event_id)
                lane = lane_of(listener, trigger, copy)
                run = triggers.new_run(listener.workflow, trigger, run_id, self._clock.now(), lane=lane)
                if listener.workflow.state is WorkflowState.PAUSED:
                    await self.keep(tx, run)
                else:
                    found.append((run, listener.found))
        return found

    async def _add_all(self, tx: Tx, organisation_id: str, fresh: Sequence[tuple[Run, Definition]]) -> int:
        """Commit runs together; those that a limit may end are counted one by one. How many were new."""
        plain = [run for run, found in fresh if run.trigger.depth <= DEEPEST and not found.limits.get("runs_per_day")]
        added = await run_store.add_all(tx, organisation_id, plain)
        ids = {run.id for run in plain}
        for run, found in fresh:
            if run.id not in ids:
                added += await self.add(tx, run, found)
        return added

    async def keep(self, tx: Tx, run: Run) -> bool:
        """Keep the event of a run that its paused workflow does not start; False if it did before, or it is kept."""
        if await run_store.by_id(tx, run.organisation_id, run.id):
            return False
        return await kept_store.keep(tx, run.organisation_id, run.workflow_id, run.id, run.trigger, self._clock.now())

    async def add(self, tx: Tx, run: Run, found: Definition) -> bool:
        """Commit a run; one too many ends before it begins, with the reason, for people to see."""
        if not await run_store.add(tx, run):
            return False
        reason = None
        if run.trigger.depth > DEEPEST:
            reason = f"Loop guard: {DEEPEST} runs have caused one another already."
        elif most := found.limits.get("runs_per_day"):
            today = run.created.replace(hour=0, minute=0, second=0, microsecond=0)
            if await run_store.begun_since(tx, run.organisation_id, run.workflow_id, today) > most:
                reason = f"{most} runs a day are allowed, and were begun."
        if reason:
            await close_run(tx, run.organisation_id, run.id, RunState.FAILED, reason, run.created)
        return True

    async def _cause(self, tx: Tx, event: SpineEvent, trigger: Trigger) -> Trigger:
        """What a run's own write, mail or question led to is one deeper than that run; the mode is known, too."""
        if not triggers.says_its_mode(event):
            connected = await self._integrations.livemode_of(tx, event.organisation_id)
            trigger = replace(trigger, livemode=bool(connected))
        key, told_by = event.data.get("cause"), event.data.get("stripeEventId")
        if told_by and self._stored:
            key = await self._stored.cause(tx, str(told_by))
        run_id = await self._effects.run_of_key(tx, event.organisation_id, str(key)) if key else triggers.cause(event)
        run = run_id and await run_store.by_id(tx, event.organisation_id, str(run_id))
        return replace(trigger, depth=run.trigger.depth + 1) if run else trigger

    async def object_of(self, tx: Tx, trigger: Trigger) -> Mapping[str, Any] | None:
        """The trigger's object as it is here; None if it is not."""
        if not trigger.object_type or not trigger.object_id:
            return trigger.data
        try:
            found = await self._mirror.get(tx, trigger.object_type, trigger.object_id, livemode=trigger.livemode)
        except Absent:
            return None
        return found.body

    async def heard(self, tx: Tx, organisation_id: str, name: str) -> Sequence[Listener]:
        """The workflows that listen to an event of this name, active or not."""
        return (await self._listeners(tx, organisation_id)).of(name)

    async def _listeners(self, tx: Tx, organisation_id: str) -> Listeners:
        revision = await store.revision(tx, organisation_id)
        kept = self._kept.get(organisation_id)
        if kept is None or kept.revision != revision:
            kept = await _read(tx, organisation_id, revision)
            self._kept[organisation_id] = kept
            while len(self._kept) > MOST_ORGANISATIONS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(organisation_id)
        return kept


async def _read(tx: Tx, organisation_id: str, revision: int) -> Listeners:
    exact: dict[str, list[Listener]] = {}
    patterns: list[tuple[str, Listener]] = []
    for workflow, document in await store.in_force(tx, organisation_id):
        listener = Listener(workflow, definition.of(document))
        for name in {rule.listens_to for rule in listener.found.rules if rule.listens_to}:
            if "*" in name:
                patterns.append((name, listener))
            else:
                exact.setdefault(name, []).append(listener)
    return Listeners(revision, exact, patterns)


def applies(found: Definition, trigger: Trigger, copy: Mapping[str, Any] | None) -> bool:
    """Whether a definition's condition lets this start; what can't be decided here the run itself says."""
    if found.when is None or copy is None:
        return True
    names = {"event": event_of(trigger), "object": copy, "inputs": dict(trigger.inputs or {})}
    try:
        return conditions.holds(conditions.compile(found.when), conditions.Scope(names))
    except Invalid:
        return True


def lane_of(listener: Listener, trigger: Trigger, copy: Mapping[str, Any] | None) -> str | None:
    """Which runs this one must wait for; None if for none."""
    order, workflow_id = listener.found.concurrency, listener.workflow.id
    if order is None:
        return None
    if order == "one":
        return workflow_id
    key = trigger.object_id
    if order == "by customer" and trigger.object_type != "customer":
        customer = (copy or {}).get("customer") or (copy or {}).get("buyerId")
        key = customer["id"] if is_map(customer) else customer
    return f"{workflow_id}:{key}" if key else None
