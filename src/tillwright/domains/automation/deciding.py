"""Approvals as people see them: what is asked, and their yes or no."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains import audit, events
from tillwright.domains.automation import approval_store, park_store
from tillwright.domains.automation.model import Approval, ApprovalState
from tillwright.domains.tenancy import Principal
from tillwright.domains.tenancy.rights import ROLES, at_least
from tillwright.gateways.database import Database
from tillwright.kit import pages
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Denied
from tillwright.kit.pages import Page

MOST_COUNTED = 100
"""Of what waits; beyond that it is many."""


class Approvals:
    """A decision is taken once, by somebody of the role, on the payload they were shown."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def list(
        self,
        principal: Principal,
        *,
        state: ApprovalState | None = None,
        run_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Approval]:
        """Newest first.

        Raises:
            Invalid: the cursor is not one of this list's.
        """
        principal.require("workflow:read")
        before: tuple[datetime, str] | None = None
        if cursor:
            moment, last = pages.decode_cursor(cursor, 2)
            before = (datetime.fromisoformat(moment), last)
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await approval_store.page(
                tx, principal.organisation_id, state=state, run_id=run_id, before=before, limit=limit + 1
            )
        return pages.page_of(found, limit, lambda one: (one.created.isoformat(), one.id))

    async def waiting(self, principal: Principal) -> int:
        """How many wait for an answer that this person may give; no more than `MOST_COUNTED`."""
        if not principal.may("workflow:approve"):
            return 0
        roles = ROLES[: ROLES.index(principal.role) + 1]
        async with self._database.tenant(principal.organisation_id) as tx:
            return await approval_store.waiting(tx, principal.organisation_id, roles, self._clock.now(), MOST_COUNTED)

    async def get(self, principal: Principal, approval_id: str) -> Approval:
        """One approval.

        Raises:
            Absent: there is none.
        """
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await approval_store.lock(tx, principal.organisation_id, approval_id)
        if found is None:
            raise _absent(approval_id)
        return found

    async def decide(
        self,
        principal: Principal,
        approval_id: str,
        *,
        approve: bool,
        payload_hash: str | None = None,
        note: str | None = None,
    ) -> Approval:
        """Say yes or no; the run goes on at once.

        Args:
            payload_hash: of what the person was shown; refused if it is not what is asked now.

        Raises:
            Absent: there is no such approval.
            Denied: the role is too low.
            Conflict: it was decided, has expired, or asks for something else by now.
        """
        principal.require("workflow:approve")
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            found = await approval_store.lock(tx, organisation_id, approval_id)
            if found is None:
                raise _absent(approval_id)
            if not at_least(principal.role, found.role):
                raise Denied("role_too_low", f"This needs the role {found.role}; you are {principal.role}.",
                             remedy="Ask somebody of that role to decide.")  # fmt: skip
            if found.state is not ApprovalState.PENDING or found.due <= now:
                state = found.state if found.state is not ApprovalState.PENDING else ApprovalState.EXPIRED
                raise Conflict("approval_decided", f"This is {state} already.", remedy="Look at its run.")
            if payload_hash is not None and payload_hash != found.payload_hash:
                raise Conflict("approval_changed", "What is asked has changed.", remedy="Read it again, then decide.")
            state = ApprovalState.APPROVED if approve else ApprovalState.REFUSED
            await approval_store.decide(tx, organisation_id, approval_id, state, principal.name, note, now)
            await park_store.nudge(tx, organisation_id, [found.run_id], now)
            data = {
                "approvalId": found.id, "run": found.run_id, "workflow": found.workflow_name,
                "workflowId": found.workflow_id, "step": found.step, "hash": found.payload_hash,
                "amount": found.amount, "currency": found.currency, "by": principal.name, "livemode": found.livemode,
            }  # fmt: skip
            did = "approved" if approve else "refused"
            await audit.record(tx, organisation_id, principal.actor, f"automation:approval:{did}", found.id, data, now)
            await events.record(tx, organisation_id, f"workflow:APPROVAL:{did}", data, now)
            decided = await approval_store.lock(tx, organisation_id, approval_id)
            assert decided is not None
            return decided


def _absent(approval_id: str) -> Absent:
    return Absent("approval_absent", f"There is no approval {approval_id}.", remedy="See the list of approvals.")
