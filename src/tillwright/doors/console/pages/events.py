"""Stripe's events as they were received, newest first: searched, shown, and handed to the workflows again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from tillwright.domains.webhooks import StripeEvent
from tillwright.domains.webhooks.history import trigger_of
from tillwright.doors.console import mirrored
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Denied
from tillwright.kit.pages import Page

MOST = 500
"""Objects of a customer whose events are looked for, the newest."""


async def index(visit: Visit) -> Response:
    """The list, narrowed by type, by an object or customer, and by when it happened."""
    wanted, page, ids, whole = visit.query("q"), Page[StripeEvent]([]), None, True
    since, until = _day(visit.query("from")), _day(visit.query("to"))
    if visit.shell.stripe:
        if "_" in wanted and "." not in wanted and "*" not in wanted:
            ids, whole = await about(visit, wanted)
        async with visit.house.database.tenant(visit.organisation_id) as tx:
            page = await visit.house.webhooks.list(
                tx,
                livemode=visit.shell.stripe.livemode,
                event_type=None if ids or not wanted else wanted if "*" in wanted else f"{wanted}*",
                object_ids=ids,
                since=since,
                until=until + timedelta(days=1) if until else None,
                cursor=visit.query("cursor") or None,
                limit=mirrored.PAGE,
            )
    return visit.html(
        "pages/events.html",
        section="events",
        page=page,
        query=wanted,
        since=visit.query("from") if since else "",
        until=visit.query("to") if until else "",
        first=not visit.query("cursor"),
        objects_most=0 if whole else MOST,
    )


async def about(visit: Visit, object_id: str) -> tuple[Sequence[str], bool]:
    """The object itself, if it is a customer what belongs to it too; and whether that is all, or only the newest."""
    if not object_id.startswith("cus_"):
        return [object_id], True
    mode = mirrored.connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        ids = await visit.house.mirror.ids_of_customer(tx, object_id, livemode=mode, limit=MOST + 1)
    return [object_id, *ids[:MOST]], len(ids) <= MOST


async def show(visit: Visit) -> Response:
    """One event: what it says, and what it did."""
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        event = await visit.house.webhooks.event(tx, visit.request.path_params["id"])
    ids = [event.object_id] if event.object_id else []
    runs = await visit.house.automation.runs_about(visit.principal, ids, limit=mirrored.PART)
    return visit.html(
        "pages/event.html",
        section="events",
        event=event,
        runs=[run for run in runs if run.trigger.stripe_event_id == event.id],
    )


async def replay(visit: Visit) -> Response:
    """Hand it to the active workflows again: those that it started once are not started twice."""
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        event = await visit.house.webhooks.event(tx, visit.request.path_params["id"])
    stripe = visit.shell.stripe
    if stripe is None or stripe.livemode is not event.livemode:
        raise Denied("event_of_other_mode", "This event is of the mode that is not connected.")
    done = await visit.house.automation.replaying.replay(visit.principal, trigger_of(event))
    return visit.go(f"/events/{event.id}", done="event-replayed" if done.started else "event-known")


def _day(text: str) -> datetime | None:
    """A date as its first moment in UTC; None where it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


PAGES = (("GET", "/events", index), ("GET", "/events/{id}", show), ("POST", "/events/{id}/replay", replay))
