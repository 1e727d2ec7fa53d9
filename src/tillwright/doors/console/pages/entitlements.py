"""Entitlements: by end date, on a calendar, on a timeline, by renewal; and one with its notices, terms and verbs."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from tillwright.domains.entitlements import STATUSES, Choices, Entitlement
from tillwright.domains.notifications.notices.model import Notice as ToldNotice
from tillwright.doors.console import endings
from tillwright.doors.console.endings import Row
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Invalid, TillwrightError, Upstream

PAGE = 25
_MOST_DRAWN = 60
_MOST_TOLD = 60
_AHEAD = (7, 30, 90)
"""How many days of renewals can be looked at."""


async def index(visit: Visit) -> Response:
    """The view that the address names; the list may be narrowed by `status` and searched by `q`."""
    visit.principal.require("entitlement:read")
    stripe = visit.shell.stripe
    choices = await visit.house.entitlements.choices(visit.principal)
    if stripe is None:
        return _html(visit, choices, view="list", connected=False)
    view = visit.query("view")
    if view == "calendar":
        return await _calendar(visit, choices, stripe.livemode)
    if view == "timeline":
        return await _timeline(visit, choices, stripe.livemode)
    if view == "renewals":
        return await _renewals(visit, choices)
    number, status, words = _number(visit), visit.query("status"), _plain(visit.query("q"))
    named = f'(or (ilike name "{words}") (ilike buyer_name "{words}") (ilike buyer_email "{words}"))'
    found, total = await visit.house.entitlements.find(
        visit.principal,
        q=named if words else None,
        equal={"status": status if status in STATUSES else None},
        livemode=stripe.livemode,
        limit=PAGE,
        offset=(number - 1) * PAGE,
    )
    counts = await visit.house.entitlements.counts(visit.principal, livemode=stripe.livemode)
    rows = await _rows(visit, found, choices)
    return _html(visit, choices, view="list", rows=rows, counts=counts, total=total, more=number * PAGE < total)


async def show(visit: Visit) -> Response:
    """One entitlement."""
    return await _shown(visit)


async def rename(visit: Visit) -> Response:
    return await _done(visit, visit.house.entitlements.rename(visit.principal, _id(visit), visit.text("name")))


async def set_end(visit: Visit) -> Response:
    """Extend or shorten; a date is its end in the organisation's time zone."""
    return await _done(visit, visit.house.entitlements.set_end(visit.principal, _id(visit), visit.text("end") or None))


async def set_notices(visit: Visit) -> Response:
    """The switch and the days for this one alone."""
    on = {"on": True, "off": False}.get(visit.text("switch"))
    text = visit.text("days").strip()
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else text or None
    return await _done(visit, visit.house.entitlements.set_notices(visit.principal, _id(visit), on=on, days=days))


async def schedule(visit: Visit) -> Response:
    """Schedule a cancellation, or cancel at once."""
    when = visit.text("type")
    work = visit.house.entitlements.schedule_cancellation(
        visit.principal, _id(visit), when=when, date=visit.text("date") or None, note=visit.text("note")
    )
    return await _done(visit, work, "entitlement-cancelled" if when == "Immediate" else "cancellation-scheduled")


async def unschedule(visit: Visit) -> Response:
    work = visit.house.entitlements.unschedule_cancellation(visit.principal, _id(visit))
    return await _done(visit, work, "cancellation-taken-back")


async def _done(visit: Visit, work: Coroutine[Any, Any, Entitlement], done: str = "entitlement-changed") -> Response:
    try:
        await work
    except (Invalid, Conflict, Upstream) as error:
        return await _shown(visit, error)
    return visit.go(f"/entitlements/{_id(visit)}", done=done)


async def _shown(visit: Visit, error: TillwrightError | None = None) -> Response:
    entitlement = await visit.house.entitlements.get(visit.principal, _id(visit))
    choices = await visit.house.entitlements.choices(visit.principal)
    sent = (await visit.house.entitlements.sent(visit.principal, [entitlement])).get(entitlement.id, [])
    told, _ = await visit.house.notices.board.list(
        visit.principal, entity=("ENTITLEMENT", entitlement.id), limit=_MOST_TOLD
    )
    renewals = await visit.house.entitlements.renewals_told(visit.principal, entitlement.id)
    (row,) = await _rows(visit, [entitlement], choices)
    return visit.html(
        "pages/entitlement.html",
        status=STATUS[error.family] if error else 200,
        section="entitlements",
        row=row,
        it=entitlement,
        sent=sent,
        told=told,
        links=_links(told),
        renewals=renewals,
        renewal=visit.house.entitlements.coming_renewal(entitlement, choices, renewals),
        plan=choices.plan_of(entitlement),
        choices=choices,
        terms=await visit.house.entitlements.terms(visit.principal, entitlement.id),
        error=error,
        may_change=visit.principal.may("entitlement:write") and entitlement.status not in ("CANCELLED", "DELETED"),
        ours=entitlement.kind in ("MANUAL", "PURCHASE"),
        cancellable=entitlement.kind in ("MANUAL", "PURCHASE", "SUBSCRIPTION"),
    )


def _links(told: Sequence[ToldNotice]) -> Mapping[tuple[int, datetime], str]:
    """What was told of the entitlement, by the offset and the end that an end-soon notice was for."""
    found: dict[tuple[int, datetime], str] = {}
    for one in told:
        offset, end = one.values.get("offset"), one.values.get("endTime")
        if isinstance(offset, int) and isinstance(end, str):
            found[offset, datetime.fromisoformat(end)] = one.id
    return found


async def _calendar(visit: Visit, choices: Choices, livemode: bool) -> Response:
    now = visit.house.clock.now()
    month = endings.month_of(visit.query("month"), now, choices.zone)
    since, until = endings.bounds(month, choices.zone)
    found = await visit.house.entitlements.ending(visit.principal, livemode=livemode, since=since, until=until)
    weeks = endings.squares(month, await _rows(visit, found, choices), now, choices.zone)
    before, after = endings.beside(month, -1), endings.beside(month, 1)
    return _html(visit, choices, view="calendar", month=month, weeks=weeks, before=before, after=after)


async def _timeline(visit: Visit, choices: Choices, livemode: bool) -> Response:
    now = visit.house.clock.now()
    found = await visit.house.entitlements.ending(
        visit.principal, livemode=livemode, since=now, until=now + timedelta(days=endings.DAYS), limit=_MOST_DRAWN
    )
    rows = await _rows(visit, [e for e in found if e.status not in ("CANCELLED", "DELETED")], choices)
    bars, ticks = endings.bars(rows, choices, now), endings.ticks(now, choices.zone)
    return _html(visit, choices, view="timeline", bars=bars, ticks=ticks)


async def _renewals(visit: Visit, choices: Choices) -> Response:
    number, days = _number(visit), next((n for n in _AHEAD if str(n) == visit.query("days")), _AHEAD[1])
    found, total = await visit.house.entitlements.renewals.coming(
        visit.principal, days=days, limit=PAGE, offset=(number - 1) * PAGE
    )
    return _html(
        visit,
        choices,
        view="renewals",
        renewals=found,
        total=total,
        days=days,
        ahead=_AHEAD,
        more=number * PAGE < total,
    )


async def _rows(visit: Visit, found: Sequence[Entitlement], choices: Choices) -> Sequence[Row]:
    sent = await visit.house.entitlements.sent(visit.principal, found)
    now, coming = visit.house.clock.now(), visit.house.entitlements.coming
    return [
        endings.row_of(e, endings.sent_of(sent, e), coming(e, choices, sent.get(e.id, [])), now, choices.zone)
        for e in found
    ]


def _html(visit: Visit, choices: Choices, **shown: Any) -> Response:
    """The page; what a view does not show is empty."""
    nothing: dict[str, Any] = {"rows": [], "counts": {}, "total": 0, "more": False, "connected": True}
    asked: dict[str, Any] = {"query": visit.query("q"), "status_asked": visit.query("status"), "number": _number(visit)}
    asked["may_change"] = visit.principal.may("entitlement:write")
    return visit.html(
        "pages/entitlements.html",
        section="entitlements",
        **(nothing | asked | {"choices": choices, "demo": visit.house.settings.demo, "statuses": STATUSES} | shown),
    )


def _number(visit: Visit) -> int:
    text = visit.query("page")
    return min(max(1, int(text)), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _plain(words: str) -> str:
    return "".join("\\" + c if c in '\\"' else c for c in words.replace("\0", ""))[:200]


def _id(visit: Visit) -> str:
    return visit.request.path_params["id"]


PAGES = (
    ("GET", "/entitlements", index),
    ("GET", "/entitlements/{id}", show),
    ("POST", "/entitlements/{id}/name", rename),
    ("POST", "/entitlements/{id}/end", set_end),
    ("POST", "/entitlements/{id}/notices", set_notices),
    ("POST", "/entitlements/{id}/schedule", schedule),
    ("POST", "/entitlements/{id}/unschedule", unschedule),
)
