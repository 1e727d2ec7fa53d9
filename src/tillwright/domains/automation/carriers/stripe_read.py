"""A look at Stripe itself, with the organisation's own key: it changes nothing, so it may be done again."""

from __future__ import annotations

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome
from tillwright.domains.automation.requests import StripeRead
from tillwright.domains.billing import without_secrets

REQUEST = StripeRead
READS = True


async def carry(parts: Parts, errand: Errand, request: StripeRead) -> Carried:
    access = await parts.integrations.access(
        errand.organisation_id, livemode=errand.livemode, why=f"GET {request.path} for a run"
    )
    answer = await parts.reader.get(access, request.path, request.params)
    return Carried(outcome(StepState.DONE, without_secrets(answer.body)))
