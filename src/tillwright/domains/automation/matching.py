"""Which workflows an event starts; the others cost nothing but a look."""

from __future__ import annotations

from typing import Any

from tillwright.domains.automation import conditions, definition, run_store, store, triggers
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Run, RunState, Trigger, Workflow, WorkflowVersion
from tillwright.domains.automation.plan import event_of
from tillwright.domains.events import SpineEvent
from tillwright.domains.mirror import Mirror
from tillwright.gateways.database import Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid


class Matcher:
    """Reads the mirror, never Stripe: it is called for every event there is."""

    def __init__(self, *, clock: Clock, mirror: Mirror) -> None:
        self._clock = clock
        self._mirror = mirror
        self._documents: dict[tuple[str, int], tuple[WorkflowVersion, Definition]] = {}

    async def start_runs(self, tx: Tx, event: SpineEvent) -> int:
        """Commit a run for each workflow the event starts, in the caller's transaction; returns how many.

        A workflow whose condition is false for the object as the mirror has it is left alone. A run's own first step
        fetches the object again and decides anew, so a mirror that lags starts a run too many, never a wrong write.
        """
        trigger = triggers.trigger_of(event)
        if trigger is None:
            return 0
        workflows = await store.listening(tx, event.organisation_id, trigger.stripe_event_type)
        if not workflows:
            return 0
        copy = await self._copy(tx, trigger)
        started = 0
        for workflow in workflows:
            if self._applies(await self._definition(tx, workflow), trigger, copy):
                started += await run_store.add(tx, self._run(workflow, trigger))
        return started

    def _run(self, workflow: Workflow, trigger: Trigger) -> Run:
        return Run(
            organisation_id=workflow.organisation_id,
            id=triggers.run_id(workflow.id, trigger.stripe_event_id),
            workflow_id=workflow.id,
            workflow_name=workflow.name,
            version=workflow.version,
            state=RunState.QUEUED,
            reason=None,
            livemode=trigger.livemode,
            trigger=trigger,
            created=self._clock.now(),
            started=None,
            finished=None,
        )

    async def _copy(self, tx: Tx, trigger: Trigger) -> dict[str, Any] | None:
        if not trigger.object_type or not trigger.object_id:
            return None
        try:
            found = await self._mirror.get(tx, trigger.object_type, trigger.object_id, livemode=trigger.livemode)
        except Absent:
            return None
        return found.body

    async def _definition(self, tx: Tx, workflow: Workflow) -> Definition:
        key = (workflow.id, workflow.version)
        if key not in self._documents:
            version = await store.version(tx, workflow.organisation_id, *key)
            if version is None:
                raise Absent("version_absent", f"Workflow {workflow.name} has no version {workflow.version}.")
            if len(self._documents) >= 10_000:
                self._documents.clear()
            self._documents[key] = (version, definition.of(version.document))
        return self._documents[key][1]

    @staticmethod
    def _applies(found: Definition, trigger: Trigger, copy: dict[str, Any] | None) -> bool:
        if found.when is None or copy is None:
            return True
        try:
            scope = conditions.Scope({"event": event_of(trigger), "object": copy})
            return conditions.holds(conditions.compile(found.when), scope)
        except Invalid:
            return True  # the run says so, where people see it
