"""The mail server as an integration: connect it, try it by a test message, edit it, leave it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.integrations import Integration
from tillwright.domains.integrations.mail_server import PARTNER, SERVICE
from tillwright.doors.console.pages.connecting import problems_of
from tillwright.doors.console.pages.integrations import not_confirmed
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Conflict, Invalid, TillwrightError
from tillwright.kit.seal import Secret

PATH = "/integrations/email"
_NEW = {"host": "", "port": "587", "tls": "starttls", "user": "", "sender": ""}


async def connect_form(visit: Visit) -> Response:
    """An empty form, or the server if there is one."""
    visit.principal.require("integration:write")
    if await _found(visit):
        return visit.go(PATH)
    return _form(visit, _NEW)


async def connect(visit: Visit) -> Response:
    """Save the server; the test message comes next."""
    try:
        await visit.house.mail_servers.connect(visit.principal, _given(visit), _password(visit))
    except (Invalid, Conflict) as error:
        return _form(visit, _typed(visit), error)
    return visit.go(PATH, done="mail-connected")


async def show(visit: Visit) -> Response:
    """The server, and what its last test message met."""
    return await _shown(visit)


async def edit_form(visit: Visit) -> Response:
    """The server as it is, to be changed."""
    visit.principal.require("integration:write")
    integration = await _server(visit)
    typed = {name: str(value) for name, value in integration.details.items()}
    return _form(visit, typed, version=integration.version)


async def edit(visit: Visit) -> Response:
    """Save what was typed, unless somebody else was faster."""
    version = visit.text("version")
    try:
        await visit.house.mail_servers.update(
            visit.principal,
            expected_version=int(version) if version.isdigit() else 0,
            given=_given(visit),
            password=_password(visit),
        )
    except (Invalid, Conflict) as error:
        return _form(visit, _typed(visit), error, version=version)
    return visit.go(PATH, done="mail-edited")


async def verify(visit: Visit) -> Response:
    """Send a test message."""
    await _server(visit)
    to = visit.text("to").strip() or visit.session.email
    try:
        await visit.house.mail_verification.verify(visit.principal, to)
    except (Invalid, Conflict) as error:
        return await _shown(visit, error)
    return visit.go(PATH)


async def deletion(visit: Visit) -> Response:
    """What leaving the server would take, for its dialog."""
    return visit.html("parts/stakes.html", stakes=await visit.house.removal.at_stake(visit.principal, PARTNER, SERVICE))


async def disconnect(visit: Visit) -> Response:
    """Leave the server for good, once the organisation's name was typed."""
    await _server(visit)
    if visit.text("confirm").strip() != visit.principal.organisation_name:
        return await _shown(visit, not_confirmed(visit.principal.organisation_name))
    receipt = await visit.house.removal.delete_integration(visit.principal, PARTNER, SERVICE)
    return visit.html("pages/receipt.html", section="integrations", receipt=receipt)


async def _found(visit: Visit) -> Integration | None:
    integrations = await visit.house.integrations.list(visit.principal)
    return next((each for each in integrations if each.partner == PARTNER), None)


async def _server(visit: Visit) -> Integration:
    found = await _found(visit)
    if found is None:
        raise Absent("integration_absent", "No mail server is connected.", remedy="Connect it under Integrations.")
    return found


async def _shown(visit: Visit, problem: TillwrightError | None = None) -> Response:
    return visit.html(
        "pages/mail_server.html",
        status=STATUS[problem.family] if problem else 200,
        section="integrations",
        integration=await _server(visit),
        report=await visit.house.verification.latest(visit.organisation_id, PARTNER, SERVICE),
        to=visit.session.email,
        error=problem,
    )


def _form(
    visit: Visit, typed: dict[str, Any], error: TillwrightError | None = None, version: int | str = ""
) -> Response:
    return visit.html(
        "pages/mail_server_form.html",
        status=STATUS[error.family] if error else 200,
        section="integrations",
        typed=typed,
        version=version,
        problems=problems_of(error) if error else [],
    )


def _typed(visit: Visit) -> dict[str, Any]:
    return {name: visit.text(name).strip() for name in _NEW}


def _given(visit: Visit) -> dict[str, Any]:
    typed = _typed(visit)
    port = str(typed["port"])
    return typed | {"port": int(port) if port.isascii() and port.isdigit() and len(port) < 6 else port}


def _password(visit: Visit) -> Secret | None:
    return Secret(visit.text("password")) if visit.text("password") else None


PAGES = (
    ("GET", f"{PATH}/connect", connect_form),
    ("POST", f"{PATH}/connect", connect),
    ("GET", PATH, show),
    ("GET", f"{PATH}/edit", edit_form),
    ("POST", f"{PATH}/edit", edit),
    ("POST", f"{PATH}/verify", verify),
    ("GET", f"{PATH}/deletion", deletion),
    ("GET", f"{PATH}/disconnect", show),
    ("POST", f"{PATH}/disconnect", disconnect),
)
