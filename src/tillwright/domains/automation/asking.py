"""Asking a person before a step is taken: a yes holds for one exact request, and for no other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from tillwright.domains import events
from tillwright.domains.automation import approval_store
from tillwright.domains.automation.errand import Parts
from tillwright.domains.automation.model import Approval, ApprovalState, StepState
from tillwright.domains.automation.outcome import CANCELLED, Outcome, outcome, waiting
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.step import ApprovalRule
from tillwright.gateways.database import Tx
from tillwright.kit import ids, money


def payload_hash(request: Mapping[str, Any], question: str, amount: int | None, currency: str | None) -> str:
    """What a yes is bound to: SHA-256 over all that the person is shown."""
    shown = {"request": request, "question": question, "amount": amount, "currency": currency}
    return hashlib.sha256(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Asking:
    """Asks once and looks at the answer each time it is called."""

    def __init__(self, parts: Parts, public_url: str) -> None:
        self._parts = parts
        self._public_url = public_url.rstrip("/")

    async def ask(
        self,
        tx: Tx,
        plan: Plan,
        step: str,
        attempt: int,
        rule: ApprovalRule,
        *,
        workflow_id: str,
        request: Mapping[str, Any],
        question: str,
        amount: int | None,
        currency: str | None,
    ) -> Outcome:
        """DONE with who approved, WAITING, or REFUSED; a changed request withdraws the answer to the earlier one."""
        now = self._parts.clock.now()
        digest = payload_hash(request, question, amount, currency)
        asked = Approval(
            organisation_id=plan.organisation_id,
            id="apr_" + ids.digest("approval", plan.run_id, step, str(attempt), digest),
            run_id=plan.run_id,
            workflow_id=workflow_id,
            workflow_name=plan.definition.name,
            step=step,
            attempt=attempt,
            payload_hash=digest,
            request=request,
            question=question,
            amount=amount,
            currency=currency,
            role=rule.role,
            livemode=plan.trigger.livemode,
            state=ApprovalState.PENDING,
            due=now + timedelta(seconds=rule.within),
            created=now,
            decided=None,
            decided_by=None,
            note=None,
        )
        await approval_store.supersede(tx, plan.organisation_id, plan.run_id, step, attempt, but=asked.id)
        if await approval_store.add(tx, asked):
            await self._tell(tx, asked, rule)
        found = await approval_store.lock(tx, plan.organisation_id, asked.id)
        assert found is not None
        return await self._answer(tx, found)

    async def _answer(self, tx: Tx, found: Approval) -> Outcome:
        now = self._parts.clock.now()
        who = {"approved": True, "by": found.decided_by, "note": found.note, "approval": found.id}
        if found.state is ApprovalState.APPROVED:
            return outcome(StepState.DONE, who)
        if found.state is ApprovalState.PENDING and now < found.due:
            left = (found.due - now).total_seconds()
            return waiting("approval_pending", f"An approval by {found.role} is awaited.", left)
        if found.state is ApprovalState.PENDING:
            await approval_store.decide(
                tx, found.organisation_id, found.id, ApprovalState.EXPIRED, "nobody", None, now
            )  # fmt: skip
        if found.state is ApprovalState.REFUSED:
            said = f": {found.note}" if found.note else ""
            return outcome(
                StepState.REFUSED, None, {"code": CANCELLED, "sentence": f"{found.decided_by} refused it{said}."}
            )
        return outcome(
            StepState.REFUSED,
            None,
            {"code": "approval_expired", "sentence": "Nobody approved it in time.", "again": True},
        )

    async def _tell(self, tx: Tx, asked: Approval, rule: ApprovalRule) -> None:
        data = {
            "approvalId": asked.id, "run": asked.run_id, "workflow": asked.workflow_name,
            "workflowId": asked.workflow_id, "step": asked.step, "question": asked.question,
            "amount": asked.amount, "currency": asked.currency,
            "role": asked.role, "livemode": asked.livemode, "due": asked.due.isoformat(),
            "toldRole": None if rule.notify else asked.role,
        }  # fmt: skip
        await events.record(tx, asked.organisation_id, "workflow:APPROVAL:asked", data, asked.created)
        for address in rule.notify:
            await self._parts.notifications.queue(
                tx,
                asked.organisation_id,
                key=f"approval:{asked.id}:{address}",
                to=address,
                subject=f"To approve: {asked.workflow_name}, {asked.step}",
                text=self._letter(asked),
            )

    def _letter(self, asked: Approval) -> str:
        sum_ = f"\n\nAmount: {money.show(asked.amount, asked.currency)}" if asked.amount and asked.currency else ""
        return (
            f"{asked.question}{sum_}\n\nSee exactly what would be done, and approve or refuse it:\n"
            f"{self._public_url}/approvals/{asked.id}\n\nIt expires on {asked.due:%Y-%m-%d %H:%M} UTC."
        )
