"""Stripe's events as they were received, newest first."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.webhooks import StripeEvent
from tillwright.doors.console import mirrored
from tillwright.doors.console.visit import Visit
from tillwright.kit.pages import Page


async def index(visit: Visit) -> Response:
    """The list, narrowed by type or by the object's id."""
    wanted, page = visit.query("q"), Page[StripeEvent]([])
    if visit.shell.stripe:
        about_object = "_" in wanted and "." not in wanted and "*" not in wanted
        async with visit.house.database.tenant(visit.organisation_id) as tx:
            page = await visit.house.webhooks.list(
                tx,
                livemode=visit.shell.stripe.livemode,
                event_type=None if about_object or not wanted else wanted if "*" in wanted else f"{wanted}*",
                object_id=wanted if about_object else None,
                cursor=visit.query("cursor") or None,
                limit=mirrored.PAGE,
            )
    return visit.html("pages/events.html", section="events", page=page, query=wanted, first=not visit.query("cursor"))


async def show(visit: Visit) -> Response:
    """One event: what it says, and what it did."""
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        event = await visit.house.webhooks.event(tx, visit.request.path_params["id"])
    return visit.html("pages/event.html", section="events", event=event)


PAGES = (("GET", "/events", index), ("GET", "/events/{id}", show))
