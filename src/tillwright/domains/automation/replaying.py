"""Handing an event to the active workflows again: for those that were not there when it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tillwright.domains import audit
from tillwright.domains.automation import run_store, triggers
from tillwright.domains.automation.matching import Matcher, applies, lane_of
from tillwright.domains.automation.model import Run, Trigger, WorkflowState
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock


@dataclass(frozen=True)
class Replayed:
    """The runs that were started, and those that the event had started before: they are not repeated."""

    started: Sequence[Run]
    known: Sequence[Run]


class Replaying:
    """An event starts one run of a workflow at most, however often it is handed over."""

    def __init__(self, *, clock: Clock, database: Database, matcher: Matcher) -> None:
        self._clock = clock
        self._database = database
        self._matcher = matcher

    async def replay(self, principal: Principal, trigger: Trigger) -> Replayed:
        """Start a run of each active workflow that this would start if it came now, and has not.

        Raises:
            Denied: the caller may not start runs.
        """
        principal.require("workflow:run")
        organisation_id = principal.organisation_id
        started: list[Run] = []
        known: list[Run] = []
        async with self._database.tenant(organisation_id) as tx:
            copy = await self._matcher.object_of(tx, trigger)
            for listener in await self._matcher.heard(tx, organisation_id, trigger.name):
                if listener.workflow.state is not WorkflowState.ACTIVE or not applies(listener.found, trigger, copy):
                    continue
                run_id = triggers.run_id(listener.workflow.id, trigger.stripe_event_id)
                before = await run_store.by_id(tx, organisation_id, run_id)
                if before:
                    known.append(before)
                    continue
                lane = lane_of(listener, trigger, copy)
                run = triggers.new_run(listener.workflow, trigger, run_id, self._clock.now(), lane=lane)
                if await self._matcher.add(tx, run, listener.found):
                    started.append(run)
            detail = {"eventId": trigger.stripe_event_id, "runs": [run.id for run in started]}
            await audit.record(
                tx, organisation_id, principal.actor, "automation:event:replayed", trigger.stripe_event_id, detail,
                self._clock.now(),
            )  # fmt: skip
        return Replayed(started, known)
