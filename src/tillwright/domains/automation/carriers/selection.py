"""A read from the mirror: no request, no rate limit, no cut at a hundred."""

from __future__ import annotations

from typing import Any

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import outcome
from tillwright.domains.automation.requests import Selection

REQUEST = Selection
READS = True


async def carry(parts: Parts, errand: Errand, request: Selection) -> Carried:
    async with parts.database.tenant(errand.organisation_id) as tx:
        if request.want == "total":
            totals = await parts.mirror.totals(
                tx, request.object, livemode=errand.livemode, where=request.where, field=request.field
            )
            count, sums = sum(one.count for one in totals), {one.currency: one.sum for one in totals if one.currency}
            return Carried(outcome(StepState.DONE, {"count": count, "sums": sums}))
        limit = 1 if request.want == "first" else request.limit
        found, more = await parts.mirror.select(
            tx, request.object, livemode=errand.livemode, where=request.where, limit=limit,
            oldest_first=request.oldest_first,
        )  # fmt: skip
    if request.want == "first":
        return Carried(outcome(StepState.DONE, {"found": bool(found), "object": found[0] if found else None}))
    items = [_picked(body, request.fields) for body in found]
    return Carried(outcome(StepState.DONE, {"count": len(items), "items": items, "more": more}))


def _picked(body: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: body.get(name) for name in ("id", *fields)} if fields else body
