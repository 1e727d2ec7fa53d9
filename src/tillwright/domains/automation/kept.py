"""Events that came while a workflow was paused: seen, replayed once each, or let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tillwright.domains import audit
from tillwright.domains.automation import kept_store, saving, triggers
from tillwright.domains.automation.definition import of as definition_of
from tillwright.domains.automation.kept_store import KeptEvent
from tillwright.domains.automation.matching import Listener, Matcher, lane_of
from tillwright.domains.automation.model import Workflow, WorkflowState
from tillwright.domains.automation.steering import found as found_workflow
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import pages
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Conflict, Invalid
from tillwright.kit.pages import Page

BATCH = 200


class Kept:
    """Nothing kept starts by itself: whoever activates the workflow again decides what of it still should."""

    def __init__(self, *, clock: Clock, database: Database, matcher: Matcher) -> None:
        self._clock = clock
        self._database = database
        self._matcher = matcher

    async def counts(self, principal: Principal) -> Mapping[str, int]:
        """How many are kept, by workflow id."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await kept_store.counts(tx, principal.organisation_id)

    async def list(
        self, principal: Principal, workflow_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[KeptEvent]:
        """In the order they came.

        Raises:
            Absent: there is no such workflow.
            Invalid: the cursor is not one of this list's.
        """
        principal.require("workflow:read")
        after = _place(cursor) if cursor else None
        async with self._database.tenant(principal.organisation_id) as tx:
            workflow = await found_workflow(tx, principal.organisation_id, workflow_id)
            found = await kept_store.page(tx, principal.organisation_id, workflow.id, after, limit + 1)
        return pages.page_of(found, limit, lambda one: (str(one.place),))

    async def replay(
        self, principal: Principal, workflow_id: str, event_ids: Sequence[str] | None = None
    ) -> int:  # fmt: skip
        """Start the run of each kept event, in the order they came; returns how many.

        An event starts one run of a workflow at most, whoever replays it, how often, and whatever comes again.

        Args:
            event_ids: only these, by what `event.id` is; all if None.

        Raises:
            Absent: there is no such workflow.
            Conflict: it is paused.
        """
        principal.require("workflow:run")
        organisation_id, started = principal.organisation_id, 0
        while True:
            async with self._database.tenant(organisation_id) as tx:
                workflow = await found_workflow(tx, organisation_id, workflow_id)
                if workflow.state is not WorkflowState.ACTIVE:
                    raise Conflict("workflow_paused", f"{workflow.name} is paused.", remedy="Activate it first.")
                taken = await kept_store.take(tx, organisation_id, workflow.id, event_ids, BATCH)
                begun = await self._start(tx, workflow, taken)
                await self._note(tx, principal, workflow, "replayed", taken, {"runs": begun})
            started += begun
            if len(taken) < BATCH:
                return started

    async def _start(self, tx: Tx, workflow: Workflow, taken: Sequence[KeptEvent]) -> int:
        version = await saving.version_of(tx, workflow.organisation_id, workflow.id, workflow.version)
        listener = Listener(workflow, definition_of(version.document))
        begun = 0
        for one in taken:
            lane = lane_of(listener, one.trigger, await self._matcher.object_of(tx, one.trigger))
            run = triggers.new_run(workflow, one.trigger, one.run_id, self._clock.now(), lane=lane)
            begun += await self._matcher.add(tx, run, listener.found)
        return begun

    async def discard(
        self, principal: Principal, workflow_id: str, event_ids: Sequence[str] | None = None
    ) -> int:  # fmt: skip
        """Let kept events go, so that they start nothing; returns how many.

        Raises:
            Absent: there is no such workflow.
        """
        principal.require("workflow:run")
        organisation_id, gone = principal.organisation_id, 0
        while True:
            async with self._database.tenant(organisation_id) as tx:
                workflow = await found_workflow(tx, organisation_id, workflow_id)
                taken = await kept_store.take(tx, organisation_id, workflow.id, event_ids, BATCH)
                await self._note(tx, principal, workflow, "discarded", taken, {})
            gone += len(taken)
            if len(taken) < BATCH:
                return gone

    async def _note(
        self,
        tx: Tx,
        principal: Principal,
        workflow: Workflow,
        did: str,
        taken: Sequence[KeptEvent],
        more: Mapping[str, int],
    ) -> None:
        if not taken:
            return
        ids = [one.trigger.stripe_event_id for one in taken]
        detail = {"workflow": workflow.name, "events": ids, **more}
        await audit.record(
            tx, workflow.organisation_id, principal.actor, f"automation:kept:{did}", workflow.id, detail,
            self._clock.now(),
        )  # fmt: skip


def _place(cursor: str) -> int:
    (place,) = pages.decode_cursor(cursor, 1)
    try:
        return int(place)
    except ValueError:
        raise Invalid("cursor_invalid", "This cursor is not one of this list's.", field="cursor") from None
