"""The console as one application, and as routes for the web process to mount."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from tillwright.doors.console.headers import SecurityHeaders
from tillwright.doors.console.pages import (
    approvals,
    assistant,
    audit,
    backtests,
    chat,
    connecting,
    contacts,
    coupons,
    customers,
    demo_clock,
    editing,
    entitlement_making,
    entitlements,
    events,
    exports,
    health,
    integrations,
    invitation,
    invoices,
    kept_events,
    keys,
    mail_server,
    mails,
    notices,
    organisation,
    overview,
    passwords,
    payments,
    purchase_terms,
    runs,
    secrets,
    sessions,
    sign_in,
    switching,
    told,
    unsubscribe,
    user_integrations,
    users,
    workflow_editor,
    workflow_templates,
    workflows,
)
from tillwright.doors.console.render import STATIC
from tillwright.doors.console.visit import failure, page
from tillwright.kit.errors import Absent, TillwrightError
from tillwright.wiring import House

PAGES = (
    backtests,
    workflow_editor,
    workflow_templates,
    approvals,
    overview,
    assistant,
    chat,
    connecting,
    editing,
    switching,
    mail_server,
    integrations,
    customers,
    payments,
    invoices,
    entitlement_making,
    purchase_terms,
    entitlements,
    demo_clock,
    coupons,
    events,
    exports,
    health,
    workflows,
    kept_events,
    runs,
    mails,
    told,
    contacts,
    notices,
    user_integrations,
    secrets,
    keys,
    users,
    sessions,
    passwords,
    organisation,
    audit,
)


class Static(StaticFiles):
    """Our own files: an address with a digest in it never changes its content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        known = b"v=" in scope.get("query_string", b"") or path.endswith(".woff2")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if known else "no-cache"
        return response


def app(house: House, *, secure: bool = False, mail_sink_url: str | None = None) -> ASGIApp:
    """The console.

    Args:
        secure: people reach it by HTTPS: cookies and headers are bound to that.
        mail_sink_url: in a demo, where the delivered mails can be read.
    """
    made = [Mount("/static", Static(directory=STATIC)), *sign_in.ROUTES, *invitation.ROUTES]
    made += [*passwords.ROUTES, *unsubscribe.ROUTES]
    for module in PAGES:
        made += [Route(path, page(show), methods=[method]) for method, path, show in module.PAGES]
    console = Starlette(
        routes=made,
        exception_handlers={HTTPException: _http_error, 500: _broken},
    )
    console.state.house = house
    console.state.secure = secure
    console.state.mail_sink_url = mail_sink_url
    # Around everything, the page for a fault of ours included.
    return SecurityHeaders(console, secure=secure)


def routes(house: House, *, secure: bool = False, mail_sink_url: str | None = None) -> Sequence[BaseRoute]:
    """The console as the last route of the web process: it answers everything that nobody else did."""
    return [Mount("/", app=app(house, secure=secure, mail_sink_url=mail_sink_url))]


async def _http_error(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 404:
        absent = Absent("page_absent", "There is no such page.", remedy="Go to the overview and start from there.")
        return failure(request, absent)
    status = error.status_code if isinstance(error, HTTPException) else 400
    detail = error.detail if isinstance(error, HTTPException) else "The request cannot be understood."
    return failure(request, TillwrightError("request_refused", f"{detail}."), status)


async def _broken(request: Request, error: Exception) -> Response:
    sentence = "Something went wrong on our side. Nothing you sent is half done: look at the page you came from."
    remedy = "Try again; if it happens again, look into the web process's log."
    return failure(request, TillwrightError("internal_error", sentence, remedy=remedy), 500)
