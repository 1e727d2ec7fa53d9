"""A write at Stripe: an effect of the billing room, under a key made of the run and the step."""

from __future__ import annotations

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome
from tillwright.domains.automation.requests import StripeWrite

REQUEST = StripeWrite
READS = False


async def carry(parts: Parts, errand: Errand, request: StripeWrite) -> Carried:
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
