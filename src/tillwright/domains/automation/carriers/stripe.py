"""A write at Stripe: an effect of the billing room, under a key made of the run and the step; refunds by themselves."""

from __future__ import annotations

from tillwright.domains.automation.carriers.refund import came_out, intent_of
from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome, said
from tillwright.domains.automation.requests import StripeWrite
from tillwright.domains.billing import Busy, taking

REQUEST = StripeWrite
READS = False


async def carry(parts: Parts, errand: Errand, request: StripeWrite) -> Carried:
    if request.method == "POST" and taking(request.path, request.params):
        return await _refund(parts, errand, request)
    done = await parts.effects.perform(
        errand.organisation_id,
        run_id=errand.run_id,
        step=errand.step,
        attempt=errand.attempt,
        method=request.method,
        path=request.path,
        params=request.params,
        livemode=errand.livemode,
        account_id=errand.account_id,
        may_send=parts.may_send(errand),
    )
    # PENDING: nothing happened, and Stripe asks to wait.
    state = StepState.WAITING if done.state == "PENDING" else StepState(done.state)
    return Carried(outcome(state, done.answer, done.error), done.idempotency_key, done.effect_id)


async def _refund(parts: Parts, errand: Errand, request: StripeWrite) -> Carried:
    """However it is worded, it waits for its turn on the charge and is not sent above what remains."""
    try:
        done = await parts.refunds.send(
            intent_of(errand), request.path, request.params, may_send=parts.may_send(errand)
        )
    except Busy as busy:
        return Carried(outcome(StepState.WAITING, None, said(busy)))
    return came_out(done)
