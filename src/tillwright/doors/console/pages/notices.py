"""Settings → Notifications: who is told of what, over which channels, when, and in whose words."""

from __future__ import annotations

import html
import re
from typing import Any

from starlette.responses import HTMLResponse, Response

from tillwright.domains.notifications import catalogue
from tillwright.domains.notifications.channels.model import Tried
from tillwright.domains.notifications.configuration.model import CHANNELS, Change
from tillwright.domains.notifications.scope import CATEGORIES
from tillwright.domains.notifications.templates import UNSUBSCRIBE
from tillwright.doors.console.pages.mails import MAIL_POLICY
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Invalid, TillwrightError
from tillwright.kit.seal import Secret

HOME = "/settings/notifications"
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


async def index(visit: Visit) -> Response:
    """The routing table."""
    return await _table(visit)


async def save(visit: Visit) -> Response:
    """The master switch, quiet hours and the hour of the one mail a day."""
    quiet = bool(visit.text("quiet"))
    settings: dict[str, Any] = {"enabled": bool(visit.text("enabled"))}
    try:
        settings["digest_hour"] = int(visit.text("digest_hour") or "8") if visit.text("digest_hour").isdigit() else 8
        settings["quiet_from"] = _minute(visit.text("quiet_from")) if quiet else None
        settings["quiet_to"] = _minute(visit.text("quiet_to")) if quiet else None
        await visit.house.notices.configurations.change(visit.principal, Change(settings=settings))
    except Invalid as error:
        return await _table(visit, error=error)
    return visit.go(HOME, done="notices-saved")


async def show(visit: Visit) -> Response:
    """One scope: its recipients, its channels, its words, with the mail beside them."""
    return await _scope(visit)


async def change(visit: Visit) -> Response:
    """Save one scope, or send its test."""
    name = visit.request.path_params["scope"]
    catalogue.scope_of(name)
    own = visit.text("words") == "own"
    given: dict[str, Any] = {
        "enabled": bool(visit.text("enabled")),
        "digest": bool(visit.text("digest")),
        "channels": [one for one in CHANNELS if visit.text(f"channel_{one}")],
        **{part: re.split(r"[,;\n]+", visit.text(part).replace("\r", "")) for part in ("to", "cc", "bcc")},
        "subject": None if own else visit.text("subject"),
        "body": None if own else visit.text("body").replace("\r\n", "\n"),
    }
    try:
        await visit.house.notices.configurations.change(visit.principal, Change(scopes={name: given}))
    except Invalid as error:
        return await _scope(visit, error=error, given=given)
    return visit.go(f"{HOME}/{name}", done="scope-saved")


async def test(visit: Visit) -> Response:
    """Send the scope's mail, as it is saved, to an address."""
    name, to = visit.request.path_params["scope"], visit.text("test_to").strip()
    try:
        message = await visit.house.notices.board.test(
            visit.principal, name, [to] if to else [], last=bool(visit.text("last"))
        )
    except Invalid as error:
        return await _scope(visit, error=error)
    return visit.go(f"/mails/{message.id}")


async def preview(visit: Visit) -> Response:
    """The mail these words make, for the frame beside the editor."""
    name = visit.request.path_params["scope"]
    headers = {"content-security-policy": MAIL_POLICY, "x-frame-options": "SAMEORIGIN", "cache-control": "no-store"}
    own, post = visit.text("words") == "own", visit.request.method == "POST"
    scope = catalogue.scope_of(name)
    subject = scope.subject if own else visit.text("subject") if post else None
    body = scope.body if own else visit.text("body") if post else None
    try:
        drawn = await visit.house.notices.board.preview(
            visit.principal, name, subject=subject, body=body, last=bool(visit.text("last"))
        )
    except Invalid as error:
        return HTMLResponse(_complaints(error), headers=headers)
    line = f'<div style="{_BAR}">Subject: <b>{html.escape(drawn.subject)}</b></div>'
    page = re.sub(r"(<body[^>]*>)", lambda found: found[1] + line, drawn.html, count=1)
    plain = f'<pre style="{_PLAIN}">{html.escape(drawn.text)}</pre>'
    page = page.replace("</body>", plain + "</body>").replace(UNSUBSCRIBE, "#")
    return HTMLResponse(page, headers=headers)


async def put_channel(visit: Visit) -> Response:
    """Set a channel up, or switch it on or off."""
    kind, url, secret = visit.request.path_params["kind"], visit.text("url").strip(), visit.text("secret").strip()
    try:
        await visit.house.notices.channels.put(
            visit.principal,
            kind,
            url=Secret(url) if url else None,
            secret=Secret(secret) if secret else None,
            enabled=visit.text("enabled") != "no",
        )
    except TillwrightError as error:
        return await _table(visit, error=error)
    return visit.go(HOME, done="channel-saved")


async def test_channel(visit: Visit) -> Response:
    """Send a specimen and show what the receiver said."""
    kind = visit.request.path_params["kind"]
    return await _table(visit, tried=await visit.house.notices.channels.test(visit.principal, kind), kind=kind)


async def delete_channel(visit: Visit) -> Response:
    """Take a channel away."""
    await visit.house.notices.channels.delete(visit.principal, visit.request.path_params["kind"])
    return visit.go(HOME, done="channel-removed")


async def _table(
    visit: Visit, *, error: TillwrightError | None = None, tried: Tried | None = None, kind: str = ""
) -> Response:
    held = await visit.house.notices.configurations.get(visit.principal)
    groups = [
        (category, [one for one in catalogue.catalogue().values() if one.category == category])
        for category in CATEGORIES
    ]
    organisation = await visit.house.tenancy.organisation(visit.principal)
    return visit.html(
        "pages/notices.html",
        status=STATUS[error.family] if error else 200,
        section="notices",
        held=held,
        categories=groups,
        hooks={hook.kind: hook for hook in await visit.house.notices.channels.list(visit.principal)},
        names=await _names(visit),
        time_zone=organisation.time_zone,
        error=error,
        tried=tried,
        tried_kind=kind,
    )


async def _scope(
    visit: Visit, *, error: TillwrightError | None = None, given: dict[str, Any] | None = None
) -> Response:
    name = visit.request.path_params["scope"]
    scope = catalogue.scope_of(name)
    held = (await visit.house.notices.configurations.get(visit.principal)).scopes[name]
    names = await _names(visit)
    subject, body = held.words(scope)
    shown: dict[str, Any] = {
        "enabled": held.enabled,
        "digest": held.digest,
        "channels": held.channels,
        "subject": subject,
        "body": body,
        **{part: [names.get(one, one) for one in getattr(held, part)] for part in ("to", "cc", "bcc")},
    }
    shown |= {key: value for key, value in (given or {}).items() if value is not None}
    return visit.html(
        "pages/notice_scope.html",
        status=STATUS[error.family] if error else 200,
        section="notices",
        scope=scope,
        shown=shown,
        own=held.subject is None and held.body is None,
        channels=CHANNELS,
        names=sorted(set(names.values())),
        error=error,
    )


async def _names(visit: Visit) -> dict[str, str]:
    found, _ = await visit.house.notices.contacts.query(visit.principal, limit=1000)
    return {one.id: one.name for one in found}


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise Invalid(
            "time_invalid", f"{text[:20]!r} is no time of day.", field="quiet_from", remedy="Write it as 22:00."
        )
    return int(found[1]) * 60 + int(found[2])


def _complaints(error: Invalid) -> str:
    rows = "".join(
        f"<li><b>{html.escape(one.field or '')}</b> {html.escape(one.sentence)} {html.escape(one.remedy or '')}</li>"
        for one in error.problems
    )
    return (
        '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'<div style="{_BAR}">This template can’t be saved:<ul>{rows}</ul></div>'
    )


_LOOK = "background:Canvas;color:CanvasText;white-space:pre-wrap;margin:0;padding:12px 18px"
_BAR = f"{_LOOK};font:14px/21px system-ui,sans-serif;border-bottom:1px solid #8884"
_PLAIN = f"{_LOOK};font:12px/18px monospace;border-top:1px solid #8884"

PAGES = (
    ("GET", HOME, index),
    ("POST", HOME, save),
    ("POST", HOME + "/channels/{kind}", put_channel),
    ("POST", HOME + "/channels/{kind}/test", test_channel),
    ("POST", HOME + "/channels/{kind}/delete", delete_channel),
    ("GET", HOME + "/{scope}", show),
    ("POST", HOME + "/{scope}", change),
    ("POST", HOME + "/{scope}/test", test),
    ("GET", HOME + "/{scope}/preview", preview),
    ("POST", HOME + "/{scope}/preview", preview),
)
