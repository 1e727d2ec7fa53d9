"""The verbs of automation: saving and switching workflows, starting their runs, and showing what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.automation import (
    definition,
    drawing,
    examples,
    handing_over,
    kept_store,
    run_store,
    saving,
    store,
)
from tillwright.domains.automation.backtest import Backtest, guard
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.deciding import Approvals
from tillwright.domains.automation.doubts import Doubts
from tillwright.domains.automation.drawing import Drawing
from tillwright.domains.automation.finding import Finding
from tillwright.domains.automation.handing_over import IN_HAND
from tillwright.domains.automation.hooks import Hooks
from tillwright.domains.automation.interpreter import WAITS, Interpreter
from tillwright.domains.automation.kept import Kept
from tillwright.domains.automation.matching import Matcher
from tillwright.domains.automation.model import (
    Run,
    RunSearch,
    RunState,
    Timeline,
    Workflow,
    WorkflowState,
    WorkflowVersion,
)
from tillwright.domains.automation.past import StoredEvents
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.replaying import Replaying
from tillwright.domains.automation.steering import Steering
from tillwright.domains.automation.steering import found as found_workflow
from tillwright.domains.automation.switch import StopSwitch
from tillwright.domains.automation.waiting import Waiting
from tillwright.domains.automation.work import Work
from tillwright.domains.events import SpineEvent
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.gateways.durable import RunQueue, Steps
from tillwright.kit import ids, pages
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent
from tillwright.kit.pages import Page
from tillwright.kit.seal import Seal


class Automation:
    """Workflows and runs of every organisation.

    Args:
        waits: seconds between looks at a step that is not over; tests shorten them.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        mirror: Mirror,
        integrations: Integrations,
        work: Work,
        seal: Seal,
        stored: StoredEvents | None = None,
        waits: tuple[float, ...] = WAITS,
    ) -> None:
        self._clock = clock
        self._database = database
        self._work = work
        self._matcher = Matcher(
            clock=clock, mirror=mirror, waits=Waiting(clock, mirror), effects=work.parts.effects,
            integrations=integrations, stored=stored,
        )  # fmt: skip
        self._interpreter = Interpreter(work, waits)
        self.steering = Steering(clock=clock, database=database, matcher=self._matcher, integrations=integrations)
        self.kept = Kept(clock=clock, database=database, matcher=self._matcher)
        self.replaying = Replaying(clock=clock, database=database, matcher=self._matcher)
        self.finding = Finding(database=database)
        self.doubts = Doubts(clock=clock, database=database, effects=work.parts.effects)
        self.hooks = Hooks(
            clock=clock, database=database, seal=seal, matcher=self._matcher, steering=self.steering,
            public_url=work.public_url,
        )  # fmt: skip
        self.approvals = Approvals(clock=clock, database=database)
        self.backtest = Backtest(clock=clock, database=database, parts=work.parts, stored=stored)
        self.stop_switch = StopSwitch(clock=clock, database=database)

    async def save(
        self, principal: Principal, source: str, *, activate: bool | None = None, override: bool = False
    ) -> Workflow:
        """Save a definition as the next version of the workflow it names; the same text again changes nothing.

        Args:
            activate: switch it on or off as well; None leaves it as it is, and a new one off.
            override: see `activate`; an active workflow's new text needs it too.

        Raises:
            Invalid: with every complaint about the text; nothing is saved.
        """
        principal.require("workflow:write")
        found = definition.parse(source)
        organisation_id, now = principal.organisation_id, self._clock.now()
        livemode = await self.steering.livemode(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            await store.lock_names(tx, organisation_id)
            before = await store.by_name(tx, organisation_id, found.name)
            overridden = False
            if saving.state_of(activate, before) is WorkflowState.ACTIVE:
                same = before and await saving.is_in_force(tx, before, source)
                if not (same and before and before.state is WorkflowState.ACTIVE):
                    overridden = await guard(tx, organisation_id, found, source, livemode=livemode, override=override)
            workflow = Workflow(
                organisation_id=organisation_id,
                id=before.id if before else ids.new("wfl"),
                name=found.name,
                description=found.description,
                trigger=found.starts,
                state=saving.state_of(activate, before),
                version=await saving.next_number(tx, before, source),
                created=before.created if before else now,
                updated=now,
                updated_by=principal.name,
            )
            if before and (workflow.version, workflow.state) == (before.version, before.state):
                return before
            await store.put(tx, workflow)
            if before is None or workflow.version != before.version:
                await store.add_version(
                    tx,
                    WorkflowVersion(
                        organisation_id, ids.new("wfv"), workflow.id, workflow.version, source, found.plain(),
                        principal.name, now,
                    ),
                )  # fmt: skip
            await saving.put_in_force(tx, workflow, found, self._clock.now())
            await self._note(tx, principal, workflow, "saved" if before else "created", overridden=overridden)
        return workflow

    async def save_example(self, principal: Principal, name: str, *, activate: bool = False) -> Workflow:
        """Save a definition that comes with the package.

        Raises:
            Absent: there is no such example.
        """
        return await self.save(principal, examples.text_of(name), activate=activate)

    async def activate(
        self, principal: Principal, workflow_id: str, *, version: int | None = None, override: bool = False
    ) -> Workflow:
        """Let events start runs again, of this version if one is given; what runs already stays on its own.

        Args:
            override: activate in live mode what moves money and was never tried against stored events; audited.

        Raises:
            Absent: there is no such workflow or version.
            Conflict: it would need a back-test, or an override.
        """
        return await self._switch(principal, workflow_id, WorkflowState.ACTIVE, version, override)

    async def pause(self, principal: Principal, workflow_id: str) -> Workflow:
        """Start no further runs; those under way take no further step, and send nothing, until it is active again.

        Raises:
            Absent: there is no such workflow.
        """
        return await self._switch(principal, workflow_id, WorkflowState.PAUSED, None)

    async def _switch(
        self,
        principal: Principal,
        workflow_id: str,
        state: WorkflowState,
        number: int | None,
        override: bool = False,
    ) -> Workflow:
        principal.require("workflow:write")
        organisation_id = principal.organisation_id
        livemode = await self.steering.livemode(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            await store.lock_names(tx, organisation_id)
            before = await found_workflow(tx, organisation_id, workflow_id)
            version = await saving.version_of(tx, organisation_id, before.id, number or before.version)
            found = definition.of(version.document)
            workflow = replace(
                before, state=state, version=version.number, description=found.description, trigger=found.starts
            )
            overridden = False
            if workflow != before and state is WorkflowState.ACTIVE:
                overridden = await guard(
                    tx, organisation_id, found, version.source, livemode=livemode, override=override
                )
            if workflow != before:
                workflow = replace(workflow, updated=self._clock.now(), updated_by=principal.name)
                await store.put(tx, workflow)
                await saving.put_in_force(tx, workflow, found, self._clock.now())
                did = "activated" if state is WorkflowState.ACTIVE else "paused"
                await self._note(tx, principal, workflow, did, overridden=overridden)
        return workflow

    async def delete(self, principal: Principal, workflow_id: str) -> None:
        """Delete a workflow with its versions and the record of its runs.

        Raises:
            Absent: there is no such workflow.
        """
        principal.require("workflow:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            workflow = await found_workflow(tx, principal.organisation_id, workflow_id)
            await store.delete(tx, principal.organisation_id, workflow.id)
            await store.touch(tx, principal.organisation_id)
            await self._note(tx, principal, workflow, "deleted")

    async def _note(
        self, tx: Tx, principal: Principal, workflow: Workflow, did: str, *, overridden: bool = False
    ) -> None:
        """`overridden`: what moves money went live untried, by this person's word."""
        data: dict[str, Any] = {
            "workflow": workflow.id, "name": workflow.name, "version": workflow.version, "state": workflow.state,
        }  # fmt: skip
        data["by"] = principal.name
        data |= {"override": "No back-test of this text."} if overridden else {}
        now = self._clock.now()
        await audit.record(
            tx, workflow.organisation_id, principal.actor, f"automation:workflow:{did}", workflow.id, data, now
        )
        await events.record(tx, workflow.organisation_id, f"workflow:DEFINITION:{did}", data, now)

    async def list(self, principal: Principal) -> Sequence[Workflow]:
        """All workflows, by name."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.all_of(tx, principal.organisation_id)

    async def get(self, principal: Principal, workflow_id: str) -> Workflow:
        """One workflow, by its id or its name.

        Raises:
            Absent: there is none.
        """
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await found_workflow(tx, principal.organisation_id, workflow_id)

    async def versions(self, principal: Principal, workflow_id: str) -> Sequence[WorkflowVersion]:
        """Every version of a workflow, newest first.

        Raises:
            Absent: there is no such workflow.
        """
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            workflow = await found_workflow(tx, principal.organisation_id, workflow_id)
            return await store.versions(tx, principal.organisation_id, workflow.id)

    async def version(self, principal: Principal, version_id: str) -> WorkflowVersion:
        """One version, by its id.

        Raises:
            Absent: there is none.
        """
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await store.version_by_id(tx, principal.organisation_id, version_id)
        if found is None:
            raise Absent("version_absent", f"There is no version {version_id}.", remedy="List the workflow's versions.")
        return found

    async def run_counts(self, principal: Principal) -> Mapping[str, Mapping[str, int]]:
        """How many runs are in each state, by workflow id."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await run_store.counts(tx, principal.organisation_id)

    async def latest_runs(self, principal: Principal) -> Mapping[str, Run]:
        """The newest run of each workflow that has one, by workflow id."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await run_store.latest(tx, principal.organisation_id)

    async def runs(
        self,
        principal: Principal,
        *,
        workflow_id: str | None = None,
        state: RunState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        about: str = "",
        text: str = "",
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Run]:
        """Runs, newest first; what narrows the list is said at `RunSearch`.

        Raises:
            Invalid: the cursor is not one of this list's.
        """
        principal.require("workflow:read")
        before: tuple[datetime, str] | None = None
        if cursor:
            moment, last = pages.decode_cursor(cursor, 2)
            before = (datetime.fromisoformat(moment), last)
        async with self._database.tenant(principal.organisation_id) as tx:
            wanted = RunSearch(workflow_id, state, since, until, about, text)
            found = await run_store.page(tx, principal.organisation_id, wanted, before=before, limit=limit + 1)
        return pages.page_of(found, limit, lambda run: (run.created.isoformat(), run.id))

    async def runs_about(self, principal: Principal, object_ids: Sequence[str], *, limit: int = 20) -> Sequence[Run]:
        """The newest runs that any of these Stripe objects started."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await run_store.about(tx, principal.organisation_id, object_ids, limit)

    async def timeline(self, principal: Principal, run_id: str) -> Timeline:
        """A run with all its steps.

        Raises:
            Absent: there is no such run.
        """
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            run = await run_store.by_id(tx, principal.organisation_id, run_id)
            if run is None:
                raise Absent("run_absent", f"There is no run {run_id}.", remedy="Open it from the list of runs.")
            return Timeline(run, await run_store.steps(tx, principal.organisation_id, run_id))

    async def stand_down(self, tx: Tx, organisation_id: str, by: str) -> tuple[int, int]:
        """Cancel every run that is not over, pause every workflow, and erase the events kept for them; how many of the
        first two. In the caller's transaction.
        """
        now = self._clock.now()
        stopped = await run_store.cancel_all(tx, organisation_id, by, now)
        await kept_store.forget(tx, organisation_id)
        await store.touch(tx, organisation_id)
        return stopped, await store.pause_all(tx, organisation_id, now, "tillwright")

    async def at_stake(self, tx: Tx, organisation_id: str) -> tuple[Tally, Tally]:
        """Runs that are not over, and active workflows."""
        return await run_store.unfinished(tx, organisation_id), await store.count_active(tx, organisation_id)

    async def match_event(self, tx: Tx, event: SpineEvent) -> None:
        """The spine's reaction: commit a run for each workflow the event starts (see `events.hand_on`)."""
        await self._matcher.take(tx, event.organisation_id, [event])

    async def match_events(self, tx: Tx, organisation_id: str, happened: Sequence[SpineEvent]) -> int:
        """The same for a batch; returns how many runs it started."""
        return await self._matcher.take(tx, organisation_id, happened)

    async def hand_over(self, queue: RunQueue, limit: int = 100, each: int = IN_HAND) -> int:
        """Give the queue the runs that are due, `limit` at most; returns how many (see `handing_over`)."""
        return await handing_over.hand_over(self._database, self._clock, queue, limit, each)

    async def execute(self, steps: Steps, payload: Mapping[str, Any]) -> str:
        """Execute one run that was handed over; what the durable engine is started with."""
        return await self._interpreter.run(steps, payload)

    async def give_up(self, payload: Mapping[str, Any], raised: str) -> None:
        """End a run that broke with an error of ours, so that it is seen as failed instead of running for ever."""
        await self._work.end(Plan.of(payload), RunState.FAILED, f"Tillwright itself failed: {raised[:500]}")

    @staticmethod
    def draw(source: str) -> Drawing:
        """A definition's text as a graph, with every complaint about it; saves nothing, never raises."""
        return drawing.draw(source)

    @staticmethod
    def actions() -> Sequence[Mapping[str, Any]]:
        """Every action with its inputs as JSON Schema, and the kind of each, for editors and the documentation."""
        return [
            {"name": action.name, "summary": action.summary, "area": action.area, "inputs": action.schema(),
             "kinds": {name: given.kind for name, given in action.inputs.items()}}
            for action in catalogue().values()
        ]  # fmt: skip
