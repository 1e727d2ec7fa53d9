"""Notices: what was told to whom, over which channels, and how it went."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.notifications import catalogue
from tillwright.domains.notifications.refusals import what_to_do
from tillwright.domains.notifications.templates import UNSUBSCRIBE
from tillwright.doors.console.visit import Visit

HOME = "/notifications"
PAGE = 25
_MOST_MESSAGES = 20


async def index(visit: Visit) -> Response:
    """The list, newest first; `q` looks at the words, `scope` and `entity` narrow it."""
    number, scope, entity = _number(visit), visit.query("scope"), visit.query("entity")
    found, total = await visit.house.notices.board.list(
        visit.principal,
        words=visit.query("q").replace("\0", "")[:200],
        scope=scope if scope in catalogue.catalogue() else None,
        entity=(visit.query("type") or "ENTITLEMENT", entity) if entity else None,
        limit=PAGE,
        offset=(number - 1) * PAGE,
    )
    return visit.html(
        "pages/told.html",
        section="told",
        notices=found,
        sent=await visit.house.notices.board.sent(visit.principal, found),
        scopes=catalogue.catalogue(),
        asked={"q": visit.query("q"), "scope": scope, "entity": entity, "type": visit.query("type")},
        number=number,
        total=total,
        more=number * PAGE < total,
    )


async def show(visit: Visit) -> Response:
    """One notice with its messages, each recipient's copy and every attempt."""
    notice = await visit.house.notices.board.get(visit.principal, visit.request.path_params["id"])
    found, _ = await visit.house.notifications.search(
        visit.principal, notice_id=notice.id, limit=_MOST_MESSAGES, offset=0
    )
    messages: list[dict[str, Any]] = []
    for message in reversed(found):
        copies, attempts = await visit.house.notifications.log(visit.principal, message.id)
        messages.append({"message": message, "copies": copies, "attempts": attempts})
    return visit.html(
        "pages/told_one.html",
        section="told",
        notice=notice,
        scope=catalogue.catalogue().get(notice.scope),
        messages=messages,
        what_to_do=what_to_do,
        unsubscribe=UNSUBSCRIBE,
    )


def _number(visit: Visit) -> int:
    text = visit.query("page")
    return min(max(1, int(text)), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1


PAGES = (("GET", HOME, index), ("GET", HOME + "/{id}", show))
