"""Mails: what was sent to whom, and in a demo what arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, Response

from tillwright.domains.notifications.refusals import what_to_do
from tillwright.domains.notifications.templates import UNSUBSCRIBE
from tillwright.doors.console import mirrored, sink
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Absent, Upstream

# A mail's own page may show its styles and pictures within it, and do nothing: it is sandboxed and reaches nowhere.
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "form-action 'none'; base-uri 'none'"
)


async def index(visit: Visit) -> Response:
    """The list, newest first."""
    page = await visit.house.notifications.list(
        visit.principal, cursor=visit.query("cursor") or None, limit=mirrored.PAGE
    )
    arrived, silent = await _arrived(visit) if page.items else ({}, None)
    return visit.html(
        "pages/mails.html",
        section="mails",
        page=page,
        first=not visit.query("cursor"),
        arrived=arrived,
        silent=silent,
        demo=bool(visit.request.app.state.mail_sink_url),
    )


async def show(visit: Visit) -> Response:
    """One mail as its reader sees it."""
    visit.principal.require("notification:read")
    message = await visit.house.notifications.of(visit.organisation_id, visit.request.path_params["id"])
    arrived, silent = await _arrived(visit)
    copies, attempts = await visit.house.notifications.log(visit.principal, message.id)
    return visit.html(
        "pages/mail.html",
        copies=copies,
        attempts=attempts,
        what_to_do=what_to_do,
        section="mails",
        message=message,
        arrived=arrived.get(message.message_id),
        silent=silent,
        demo=bool(visit.request.app.state.mail_sink_url),
    )


async def body(visit: Visit) -> Response:
    """The mail's HTML alone, for the frame on its page."""
    visit.principal.require("notification:read")
    message = await visit.house.notifications.of(visit.organisation_id, visit.request.path_params["id"])
    if not message.html:
        raise Absent("message_without_html", "This mail is plain text.")
    headers = {"content-security-policy": MAIL_POLICY, "x-frame-options": "SAMEORIGIN", "cache-control": "no-store"}
    return HTMLResponse(message.html.replace(UNSUBSCRIBE, "#"), headers=headers)


async def _arrived(visit: Visit) -> tuple[Mapping[str, Mapping[str, Any]], Upstream | None]:
    url = visit.request.app.state.mail_sink_url
    if not url:
        return {}, None
    try:
        return await sink.delivered(url), None
    except Upstream as error:
        return {}, error


PAGES = (("GET", "/mails", index), ("GET", "/mails/{id}", show), ("GET", "/mails/{id}/body", body))
