"""Money back: under the charge's lease, capped by what remains, skipped if nothing does."""

from __future__ import annotations

from typing import Any

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome, said
from tillwright.domains.automation.requests import Refund
from tillwright.domains.automation.shapes import is_map
from tillwright.domains.billing import Busy, Intent, Verdict

REQUEST = Refund
READS = False


async def carry(parts: Parts, errand: Errand, request: Refund) -> Carried:
    charge = request.charge or await _charge_of(parts, errand, str(request.payment_intent))
    if charge is None:
        nothing = {"code": "payment_not_charged", "sentence": "The payment intent has no charge to refund."}
        return Carried(outcome(StepState.SKIPPED, None, nothing))
    intent = Intent(
        errand.organisation_id, errand.run_id, errand.step, errand.attempt, errand.livemode, errand.account_id
    )
    try:
        done = await parts.refunds.refund(
            intent, charge, amount=request.amount, params=request.params, may_send=parts.may_send(errand)
        )
    except Busy as busy:
        return Carried(outcome(StepState.WAITING, None, said(busy)))
    if isinstance(done, Verdict):
        state = StepState.SKIPPED if done.state == "nothing" else StepState.REFUSED
        code = done.code or "nothing_to_refund"
        return Carried(outcome(state, None, {"code": code, "sentence": done.sentence}))
    state = StepState.WAITING if done.state == "PENDING" else StepState(done.state)
    return Carried(outcome(state, done.answer, done.error), done.idempotency_key, done.effect_id)


async def _charge_of(parts: Parts, errand: Errand, payment_intent: str) -> str | None:
    access = await parts.integrations.access(
        errand.organisation_id, livemode=errand.livemode, why=f"refund {payment_intent}"
    )
    body = (await parts.reader.get(access, f"/v1/payment_intents/{payment_intent}")).body
    latest: Any = body.get("latest_charge")
    return str(latest["id"]) if is_map(latest) else latest
