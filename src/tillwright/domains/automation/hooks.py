"""Workflows that are called from outside: their addresses and secrets, and what happens to a delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tillwright.domains import audit, events
from tillwright.domains.automation import given, hook_signature, hook_store, saving, store, triggers
from tillwright.domains.automation.definition import of as definition_of
from tillwright.domains.automation.hook_store import Hook
from tillwright.domains.automation.matching import Listener, Matcher, applies, lane_of
from tillwright.domains.automation.model import Trigger, Workflow, WorkflowState
from tillwright.domains.automation.rules import Rule
from tillwright.domains.automation.steering import Steering
from tillwright.domains.automation.steering import found as found_workflow
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock, to_unix
from tillwright.kit.errors import Absent, Conflict, Invalid, Upstream
from tillwright.kit.seal import Seal, Secret

LARGEST_BODY = 256 * 1024
"""Bytes of one delivery."""
KIND = "webhook"
_ID = re.compile(r"[a-z]{2,9}_[0-9a-z]{1,32}")


@dataclass(frozen=True)
class Delivered:
    """A delivery that is kept for good. `run_id` is None where the workflow's `when` did not hold.

    `kept`: the workflow is paused, so that the event waits for its replay. `duplicate`: it had come before.
    """

    delivery_id: str
    run_id: str | None
    kept: bool
    duplicate: bool


class Hooks:
    """The address of a workflow says whose it is; its secret is shown once, when it is made."""

    def __init__(
        self, *, clock: Clock, database: Database, seal: Seal, matcher: Matcher, steering: Steering, public_url: str
    ) -> None:
        self._clock = clock
        self._database = database
        self._seal = seal
        self._matcher = matcher
        self._steering = steering
        self._public_url = public_url.rstrip("/")
        self._openings = audit.Openings()

    def address(self, hook: Hook) -> str:
        """Where deliveries are sent."""
        return f"{self._public_url}/webhooks/workflow/{hook.organisation_id}/{hook.workflow_id}"

    async def get(self, principal: Principal, workflow_id: str) -> Hook:
        """Raises Absent: there is no such workflow, or its address is not open."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            workflow = await found_workflow(tx, principal.organisation_id, workflow_id)
            return await self._hook(tx, workflow)

    async def open(self, principal: Principal, workflow_id: str) -> tuple[Hook, Secret]:
        """Open the workflow's address, or give it another secret; the one before is good for 24 hours more.

        Raises:
            Absent: there is no such workflow.
            Conflict: it has no trigger `webhook`.
        """
        principal.require("workflow:write")
        organisation_id, now = principal.organisation_id, self._clock.now()
        secret = hook_signature.fresh_secret()
        async with self._database.tenant(organisation_id) as tx:
            workflow = await found_workflow(tx, organisation_id, workflow_id)
            if self._rule(await self._listener(tx, workflow)) is None:
                raise Conflict(
                    "trigger_absent", f"{workflow.name} has no trigger `webhook`.", remedy="Add `webhook: {}` to it."
                )
            before = await hook_store.of(tx, organisation_id, workflow.id)
            await hook_store.put(tx, organisation_id, workflow.id, secret, self._seal, now)
            await self._note(tx, principal, workflow, "renewed" if before else "opened")
            return await self._hook(tx, workflow), secret

    async def close(self, principal: Principal, workflow_id: str) -> None:
        """Take no more deliveries, and shred the secret.

        Raises:
            Absent: there is no such workflow, or its address is not open.
        """
        principal.require("workflow:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            workflow = await found_workflow(tx, principal.organisation_id, workflow_id)
            if not await hook_store.delete(tx, principal.organisation_id, workflow.id):
                raise _not_open(workflow.name)
            await self._note(tx, principal, workflow, "closed")

    async def deliver(
        self, organisation_id: str, workflow_id: str, headers: Mapping[str, Sequence[bytes]], body: bytes
    ) -> Delivered:
        """Take one delivery; when this returns, what it starts is committed. The same delivery id starts one run.

        Args:
            headers: by lower-case name, each as often as it came; see `hook_signature.HEADERS`.

        Raises:
            Denied: nothing proves that the holder of the secret sent this, now.
            Invalid: it is no JSON object, or lacks what the trigger's `fields` ask for.
            Absent: nothing listens at this address.
            Upstream: the database cannot be reached: it must come again.
        """
        if len(body) > LARGEST_BODY:
            raise Invalid("body_too_large", f"A delivery has at most {LARGEST_BODY // 1024} KB.")
        if not (_ID.fullmatch(organisation_id) and _ID.fullmatch(workflow_id)):
            raise _nobody()
        signature, now = hook_signature.read(headers), self._clock.now()
        livemode = await self._steering.livemode(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            await tx.execute("set local synchronous_commit = on")
            try:
                keys = await hook_store.keys(tx, organisation_id, workflow_id, self._seal, now)
            except Invalid as error:  # not the sender's fault
                raise Upstream("hook_secret_sealed", error.sentence, remedy=error.remedy) from None
            if not keys:
                raise _nobody()
            opened = [(organisation_id, f"hook/{workflow_id}")]
            self._openings.count(opened, now)
            hook_signature.check(signature, body, keys, to_unix(now))
            workflow = await store.by_id(tx, organisation_id, workflow_id)
            listener = workflow and await self._listener(tx, workflow)
            rule = listener and self._rule(listener)
            if listener is None or rule is None:
                raise _nobody()
            trigger = triggers.delivered(signature.delivery, given.body(body, rule), to_unix(now), livemode=livemode)
            await hook_store.delivered(tx, organisation_id, workflow_id, now)
            taken = await self._take(tx, listener, trigger)
            noted = await self._openings.note(tx, opened, now)
        self._openings.settle(noted, now)
        return taken

    async def _take(self, tx: Tx, listener: Listener, trigger: Trigger) -> Delivered:
        workflow, now = listener.workflow, self._clock.now()
        run_id = "run_" + ids.digest("hook", workflow.id, trigger.stripe_event_id)
        if not applies(listener.found, trigger, trigger.data):
            return Delivered(trigger.stripe_event_id, None, kept=False, duplicate=False)
        run = triggers.new_run(workflow, trigger, run_id, now, lane=lane_of(listener, trigger, trigger.data))
        if workflow.state is WorkflowState.ACTIVE:
            fresh = await self._matcher.add(tx, run, listener.found)
            return Delivered(trigger.stripe_event_id, run_id, kept=False, duplicate=not fresh)
        fresh = await self._matcher.keep(tx, run)
        return Delivered(trigger.stripe_event_id, run_id, kept=True, duplicate=not fresh)

    async def _listener(self, tx: Tx, workflow: Workflow) -> Listener:
        version = await saving.version_of(tx, workflow.organisation_id, workflow.id, workflow.version)
        return Listener(workflow, definition_of(version.document))

    @staticmethod
    def _rule(listener: Listener) -> Rule | None:
        return next((rule for rule in listener.found.rules if rule.kind == KIND), None)

    async def _hook(self, tx: Tx, workflow: Workflow) -> Hook:
        hook = await hook_store.of(tx, workflow.organisation_id, workflow.id)
        if hook is None:
            raise _not_open(workflow.name)
        return hook

    async def _note(self, tx: Tx, principal: Principal, workflow: Workflow, did: str) -> None:
        data, now = {"workflow": workflow.id, "name": workflow.name}, self._clock.now()
        await audit.record(
            tx, workflow.organisation_id, principal.actor, f"automation:hook:{did}", workflow.id, data, now
        )
        await events.record(tx, workflow.organisation_id, f"workflow:HOOK:{did}", data, now)


def _nobody() -> Absent:
    return Absent("hook_absent", "Nothing listens at this address.", remedy="Open the webhook of the workflow.")


def _not_open(name: str) -> Absent:
    return Absent("hook_absent", f"The webhook of {name} is not open.", remedy="Open it: its secret is shown once.")
