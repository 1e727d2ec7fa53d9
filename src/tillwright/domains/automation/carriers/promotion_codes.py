"""Thousands of promotion codes in one step: every word follows from the run, so a crash makes none of them twice."""

from __future__ import annotations

import base64
import hashlib

from tillwright.domains.automation import many
from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome
from tillwright.domains.automation.requests import PromotionCodes, StripeWrite
from tillwright.domains.billing import EffectResult

REQUEST = PromotionCodes
READS = False
OTHER_WORDS = 5
"""How often another word is tried when one is taken at Stripe already."""
_TAKEN = ("resource_already_exists", "promotion_code_exists")


def word(errand_key: str, number: int, attempt: int, request: PromotionCodes) -> str:
    """The code at a place of the list: a pure function of the run, the step, the place and the attempt."""
    secret = hashlib.sha256(f"{errand_key}:{number}:{attempt}".encode()).digest()
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"{request.prefix}{text[: request.length]}"


async def carry(parts: Parts, errand: Errand, request: PromotionCodes) -> Carried:
    known = await parts.effects.under(errand.organisation_id, errand.run_id, errand.step)
    done = {effect.step.partition("#")[2]: effect.result for effect in known if effect.state == "DONE"}

    async def make(number: int) -> EffectResult:
        result = None
        for attempt in range(1, OTHER_WORDS + 1):
            code = word(errand.key("codes"), number, attempt, request)
            write = StripeWrite("POST", "/v1/promotion_codes", {**request.params, "code": code})
            result = await many.perform(parts, errand, str(number), write, attempt)
            if result.state != "REFUSED" or not _another_word(result):
                break
        assert result is not None
        if result.state == "DONE":
            done[str(number)] = result
        return result

    bad = await many.all_of(make, [number for number in range(request.count) if str(number) not in done])
    if bad is not None:
        return Carried(many.not_done(bad, len(done)))
    codes = [(done[str(number)].answer or {}).get("code") for number in range(request.count)]
    return Carried(outcome(StepState.DONE, {"count": len(codes), "codes": codes}))


def _another_word(result: EffectResult) -> bool:
    """Whether the word is taken, or the code under it was surely not made."""
    error = result.error or {}
    taken = error.get("code") in _TAKEN or error.get("stripe_code") in _TAKEN or "already exists" in str(error)
    return taken or error.get("code") == "effect_not_done"
