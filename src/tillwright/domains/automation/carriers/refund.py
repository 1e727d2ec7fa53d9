"""Money back: under the charge's lease, capped by what remains, skipped if nothing does."""

from __future__ import annotations

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome, said
from tillwright.domains.automation.requests import Refund
from tillwright.domains.billing import Busy, EffectResult, Intent, Verdict

REQUEST = Refund
READS = False


async def carry(parts: Parts, errand: Errand, request: Refund) -> Carried:
    intent = intent_of(errand)
    charge = request.charge or await parts.refunds.charge_of(intent, str(request.payment_intent))
    if not charge:
        nothing = {"code": "payment_not_charged", "sentence": "The payment intent has no charge to refund."}
        return Carried(outcome(StepState.SKIPPED, None, nothing))
    try:
        done = await parts.refunds.refund(
            intent, charge, amount=request.amount, params=request.params, may_send=parts.may_send(errand)
        )
    except Busy as busy:
        return Carried(outcome(StepState.WAITING, None, said(busy)))
    return came_out(done)


def intent_of(errand: Errand) -> Intent:
    """The one refund that an errand means, in every attempt at it."""
    return Intent(
        errand.organisation_id, errand.run_id, errand.step, errand.attempt, errand.livemode, errand.account_id
    )


def came_out(done: EffectResult | Verdict) -> Carried:
    """How a refund came out for its step."""
    if isinstance(done, Verdict):
        state = StepState.SKIPPED if done.state == "nothing" else StepState.REFUSED
        code = done.code or "nothing_to_refund"
        return Carried(outcome(state, None, {"code": code, "sentence": done.sentence}))
    state = StepState.WAITING if done.state == "PENDING" else StepState(done.state)
    return Carried(outcome(state, done.answer, done.error), done.idempotency_key, done.effect_id)
