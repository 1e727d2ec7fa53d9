"""In a demo: moving its clock forward, the sandbox's and ours together, so that a month goes by in a click."""

from __future__ import annotations

import httpx
from starlette.responses import Response

from tillwright.doors.console.visit import Visit
from tillwright.kit.clock import SharedClock
from tillwright.kit.errors import Absent, Upstream

_DAY = 86_400
_STEPS = {"1": _DAY, "5": 5 * _DAY}
_FARTHEST = 92 * _DAY


async def advance(visit: Visit) -> Response:
    """Move by so many days, or to the next notice of all; the sandbox first, so that ours is never ahead of it.

    Raises:
        Absent: this is no demo, or no notice is to come.
        Upstream: the sandbox does not answer.
    """
    visit.principal.require("entitlement:write")
    clock = visit.house.clock
    if not visit.house.settings.demo or not isinstance(clock, SharedClock):
        raise Absent("demo_absent", "Only a demo's clock can be moved.", remedy="Start one with: make demo")
    days = visit.text("days")
    seconds = await _to_next(visit) if days == "next" else _STEPS.get(days, _DAY)
    url = f"{visit.house.settings.stripe.api_base}/_sandbox/clock"
    try:
        async with httpx.AsyncClient(timeout=120.0, trust_env=False) as client:
            (await client.post(url, json={"advance": seconds})).raise_for_status()
    except httpx.HTTPError as error:
        raise Upstream(
            "sandbox_silent", "The sandbox does not answer, so the clock stays.", remedy="See that it is running."
        ) from error
    await visit.house.tenancy.put_off_ends(seconds)
    clock.advance(seconds)
    return visit.go("/entitlements", done="clock-moved")


async def _to_next(visit: Visit) -> float:
    """Seconds until just after the next notice of any entitlement that ends soon enough."""
    entitlements, stripe = visit.house.entitlements, visit.shell.stripe
    found, _ = await entitlements.find(
        visit.principal, q="(not-null end_time)", livemode=stripe.livemode if stripe else None, limit=1000
    )
    choices, now = await entitlements.choices(visit.principal), visit.house.clock.now()
    sent = await entitlements.sent(visit.principal, found)
    coming = [entitlements.coming(e, choices, sent.get(e.id, [])) for e in found]
    times = [notice.at for notice in coming if notice is not None and notice.at > now]
    if not times:
        raise Absent(
            "notice_absent", "No notice is to come.",
            remedy="Switch the notices on under Integrations → Stripe → Edit, or move the clock by days.",
        )  # fmt: skip
    return min((min(times) - now).total_seconds() + 1, _FARTHEST)


PAGES = (("POST", "/demo/clock", advance),)
