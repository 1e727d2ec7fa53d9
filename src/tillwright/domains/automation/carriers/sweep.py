"""The same write for every object of a list at Stripe: an effect each, named by the object's id."""

from __future__ import annotations

from tillwright.domains.automation import many
from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome
from tillwright.domains.automation.requests import StripeWrite, Sweep
from tillwright.domains.billing import EffectResult

REQUEST = Sweep
READS = False
LAST = "then"
MOST = 1000
"""Objects of one sweep."""


async def carry(parts: Parts, errand: Errand, request: Sweep) -> Carried:
    access = await parts.integrations.access(
        errand.organisation_id, livemode=errand.livemode, why=f"GET {request.listing.path} for a run"
    )
    found: list[str] = []
    async for page in parts.reader.pages(access, request.listing.path, {"limit": 100, **request.listing.params}):
        found += [str(one["id"]) for one in page.items]
        if len(found) > MOST:
            too_many = {"code": "sweep_too_large", "sentence": f"There are more than {MOST} objects to change."}
            return Carried(outcome(StepState.REFUSED, None, too_many))

    async def change(object_id: str) -> EffectResult:
        path = request.each.path.replace("{id}", object_id)
        return await many.perform(parts, errand, object_id, StripeWrite(request.each.method, path, request.each.params))

    bad = await many.all_of(change, found)
    if bad is None and request.then:
        last = await many.perform(parts, errand, LAST, request.then)
        bad = None if last.state == "DONE" else last
    # What an earlier try changed may have left the list since.
    known = await parts.effects.under(errand.organisation_id, errand.run_id, errand.step)
    names = (effect.step.partition("#")[2] for effect in known if effect.state == "DONE")
    changed = [name for name in names if name != LAST]
    if bad is not None:
        return Carried(many.not_done(bad, len(changed)))
    return Carried(outcome(StepState.DONE, {"count": len(changed), "ids": changed}))
