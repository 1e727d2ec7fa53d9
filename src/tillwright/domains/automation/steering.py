"""Starting runs by hand or by the clock, and steering those there are: cancel, retry from a step, resume."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.automation import (
    cron,
    definition,
    park_store,
    resuming,
    run_store,
    schedule_store,
    store,
    triggers,
)
from tillwright.domains.automation.closing import close_run
from tillwright.domains.automation.given import check as checked
from tillwright.domains.automation.matching import Listener, Matcher, lane_of
from tillwright.domains.automation.model import (
    CAN_GO_ON,
    FINAL_RUN_STATES,
    Run,
    RunState,
    Workflow,
    WorkflowState,
)
from tillwright.domains.automation.rules import Rule
from tillwright.domains.integrations import Integrations
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid


class Steering:
    """The verbs on single runs; each is audited."""

    def __init__(self, *, clock: Clock, database: Database, matcher: Matcher, integrations: Integrations) -> None:
        self._clock = clock
        self._database = database
        self._matcher = matcher
        self._integrations = integrations

    async def start(
        self,
        principal: Principal,
        workflow_id: str,
        given: Mapping[str, Any] | None = None,
        *,
        object_id: str | None = None,
        kind: str = "manual",
        key: str | None = None,
    ) -> Run:
        """Start a run of a workflow that has a `manual` trigger, or an `api` one.

        Args:
            workflow_id: its id or name.
            given: the inputs that its trigger asks for.
            object_id: the Stripe object it is about, where its trigger names a kind.
            key: the same key again gives the run that it started first.

        Raises:
            Absent: there is no such workflow.
            Conflict: it is paused.
            Invalid: it has no such trigger, or the inputs are wrong, each with its field.
        """
        principal.require("workflow:run")
        organisation_id, livemode = principal.organisation_id, await self.livemode(principal.organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            workflow = await found(tx, organisation_id, workflow_id)
            if workflow.state is not WorkflowState.ACTIVE:
                raise Conflict("workflow_paused", f"{workflow.name} is paused.", remedy="Activate it first.")
            listener = await self._listener(tx, workflow)
            rule = _rule(listener, kind)
            checked(rule, given or {}, object_id)
            run_id = "run_" + ids.digest("start", workflow.id, key or ids.new("start"))
            now = self._clock.now()
            trigger = triggers.by_hand(
                rule, given or {}, now, name=kind, key=key or run_id, livemode=livemode, object_id=object_id
            )
            copy = await self._matcher.object_of(tx, trigger)
            run = triggers.new_run(workflow, trigger, run_id, now, lane=lane_of(listener, trigger, copy))
            if await run_store.add(tx, run):
                await self._note(tx, principal, run, "started")
                return run
            return await _run(tx, organisation_id, run_id)

    async def cancel(self, principal: Principal, run_id: str) -> Run:
        """Take no further step. What was sent already stays; a run in a worker's hands ends before its next step.

        Raises:
            Absent: there is no such run.
            Conflict: it has ended.
        """
        principal.require("workflow:run")
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            run = await _run(tx, organisation_id, run_id, lock=True)
            if run.state in FINAL_RUN_STATES:
                raise Conflict("run_ended", f"The run has ended already: {run.state}.")
            await run_store.ask_to_cancel(tx, organisation_id, run_id, principal.name)
            if run.state is not RunState.RUNNING and not await run_store.in_hand(tx, organisation_id, run_id):
                reason = f"Cancelled by {principal.name}."
                await close_run(tx, organisation_id, run_id, RunState.CANCELLED, reason, now)
            await self._note(tx, principal, run, "cancelled")
            return await _run(tx, organisation_id, run_id)

    async def retry(self, principal: Principal, run_id: str, *, from_step: str | None = None) -> Run:
        """Let a run that ended badly go on: from the step it ended at, or from an earlier one.

        See `resuming.attempts` for what is done anew and what is not.

        Raises:
            Absent: there is no such run, or it has not taken that step.
            Conflict: it did not end FAILED, UNKNOWN or CANCELLED.
        """
        principal.require("workflow:run")
        organisation_id = principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            run = await _run(tx, organisation_id, run_id, lock=True)
            if run.state not in CAN_GO_ON:
                raise Conflict(
                    "run_not_failed",
                    f"The run is {run.state}; only one that ended badly can go on.",
                    remedy=f"Wait until it is one of {', '.join(sorted(CAN_GO_ON))}.",
                )
            rows = await run_store.steps(tx, organisation_id, run_id)
            step = from_step or resuming.failed_step(rows)
            entries = await park_store.journal(tx, organisation_id, run_id, run.segment + 1)
            attempts = dict(run.attempts or {})
            if step is not None:
                attempts = resuming.attempts(rows, step, attempts)
                entries = resuming.kept(entries, step if step != "_fetch" else "begin")
            await park_store.keep_journal(tx, organisation_id, run_id, run.segment + 1, entries)
            await run_store.reopen(tx, organisation_id, run_id, attempts)
            await self._note(tx, principal, run, "retried", step)
            return await _run(tx, organisation_id, run_id)

    async def tick(self, limit: int = 100) -> int:
        """Start the runs whose time has come; returns how many schedules were due.

        What was missed while nothing ran is made up for by one run, the newest.
        """
        now = self._clock.now()
        async with self._database.open() as tx:
            due = await schedule_store.due(tx, now, limit)
        for organisation_id, workflow_id, number in due:
            livemode = await self.livemode(organisation_id)
            async with self._database.tenant(organisation_id) as tx:
                await self._on_time(tx, organisation_id, workflow_id, number, now, livemode)
        return len(due)

    async def next_tick(self) -> datetime | None:
        """When the next schedule is due, of all organisations."""
        async with self._database.open() as tx:
            return await schedule_store.next_due(tx, self._clock.now())

    async def next_wake(self) -> datetime | None:
        """When the next run that waits is due to be handed over, of all organisations."""
        async with self._database.open() as tx:
            return await park_store.next_wake(tx, self._clock.now())

    async def _on_time(
        self, tx: Tx, organisation_id: str, workflow_id: str, number: int, now: datetime, livemode: bool
    ) -> None:
        row = await schedule_store.lock(tx, organisation_id, workflow_id, number)
        workflow = await store.by_id(tx, organisation_id, workflow_id)
        if row is None or workflow is None or row.next_at > now:
            return
        await schedule_store.move(
            tx, organisation_id, workflow_id, number, cron.next_after(row.cron, row.time_zone, now)
        )
        if workflow.state is not WorkflowState.ACTIVE:
            return
        trigger = triggers.on_time(number, row.next_at, row.time_zone, livemode=livemode)
        lane = lane_of(await self._listener(tx, workflow), trigger, trigger.data)
        run_id = triggers.run_id(workflow_id, trigger.stripe_event_id)
        await run_store.add(tx, triggers.new_run(workflow, trigger, run_id, now, lane=lane))

    async def _listener(self, tx: Tx, workflow: Workflow) -> Listener:
        version = await store.version(tx, workflow.organisation_id, workflow.id, workflow.version)
        if version is None:
            raise Absent("version_absent", f"Workflow {workflow.name} has no version {workflow.version}.")
        return Listener(workflow, definition.of(version.document))

    async def livemode(self, organisation_id: str) -> bool:
        """The mode of what is connected; test while nothing is."""
        try:
            return (await self._integrations.of(organisation_id)).livemode
        except Absent:
            return False

    async def _note(self, tx: Tx, principal: Principal, run: Run, did: str, step: str | None = None) -> None:
        data: dict[str, Any] = {"run": run.id, "workflow": run.workflow_name, "workflowId": run.workflow_id}
        data |= {"step": step} if step else {}
        now = self._clock.now()
        await audit.record(tx, run.organisation_id, principal.actor, f"automation:run:{did}", run.id, data, now)
        await events.record(tx, run.organisation_id, f"run:WORKFLOW:{did}", data, now)


async def found(tx: Tx, organisation_id: str, workflow_id: str) -> Workflow:
    """A workflow by its id or name.

    Raises:
        Absent: there is none.
    """
    workflow = await store.by_id(tx, organisation_id, workflow_id) or await store.by_name(
        tx, organisation_id, workflow_id
    )
    if workflow is None:
        raise Absent("workflow_absent", f"There is no workflow {workflow_id}.", remedy="See the list of workflows.")
    return workflow


async def _run(tx: Tx, organisation_id: str, run_id: str, *, lock: bool = False) -> Run:
    run = await run_store.by_id(tx, organisation_id, run_id, lock=lock)
    if run is None:
        raise Absent("run_absent", f"There is no run {run_id}.", remedy="Open it from the list of runs.")
    return run


def _rule(listener: Listener, kind: str) -> Rule:
    wanted = ("manual", "api") if kind == "api" else (kind,)
    for rule in listener.found.rules:
        if rule.kind in wanted:
            return rule
    raise Invalid(
        "trigger_absent",
        f"{listener.workflow.name} has no trigger `{kind}`.",
        remedy=f"Add `- {kind}: {{}}` to its triggers; it has {listener.found.starts}.",
    )
