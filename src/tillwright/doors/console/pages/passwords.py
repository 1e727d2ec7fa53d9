"""Passwords: asking for a link by mail, choosing another one behind it, and changing one's own."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillwright.doors.console import cookies, render
from tillwright.doors.console.visit import STATUS, Visit, failure, read_form
from tillwright.kit import ids
from tillwright.kit.errors import Denied, Invalid, TillwrightError
from tillwright.wiring import House

OWN = "/settings/password"


async def forgotten(request: Request) -> Response:
    """Where to send the link."""
    return _bare(request, "pages/forgot_password.html", email="", asked=False)


async def ask(request: Request) -> Response:
    """The same answer for every address, whether somebody has it or not."""
    house: House = request.app.state.house
    email = ""
    try:
        sent = await read_form(request)
        email = str(sent.get("email", ""))
        _check(request, str(sent.get("csrf", "")))
        await house.resets.ask(email)
    except TillwrightError as error:
        return _bare(request, "pages/forgot_password.html", email=email, asked=False, error=error)
    return _bare(request, "pages/forgot_password.html", email=email, asked=True)


async def choose_form(request: Request) -> Response:
    """A new password for whom the link is for; a dead link says why."""
    house: House = request.app.state.house
    try:
        email = await house.resets.offer(request.path_params["token"])
    except TillwrightError as dead:
        return _bare(request, "pages/forgot_password.html", email="", asked=False, error=dead)
    return _bare(request, "pages/reset_password.html", email=email)


async def choose(request: Request) -> Response:
    """Change it, once; then sign in with it."""
    house: House = request.app.state.house
    token = request.path_params["token"]
    try:
        sent = await read_form(request)
    except TillwrightError as error:
        return _closed(failure(request, error))
    try:
        email = await house.resets.offer(token)
    except TillwrightError as dead:
        return _bare(request, "pages/forgot_password.html", email="", asked=False, error=dead)
    try:
        _check(request, str(sent.get("csrf", "")))
        await house.resets.choose(token, str(sent.get("password", "")))
    except TillwrightError as error:
        return _bare(request, "pages/reset_password.html", email=email, error=error)
    return _closed(RedirectResponse("/sign-in?done=password-reset", status_code=303))


async def own_form(visit: Visit) -> Response:
    """The present password and the new one."""
    return visit.html("pages/password.html", section="sessions", error=None)


async def change(visit: Visit) -> Response:
    """Change one's own; every other session of one's own ends."""
    try:
        await visit.house.resets.change(visit.session, visit.text("present"), visit.text("password"))
    except (Invalid, Denied) as error:
        return visit.html("pages/password.html", status=STATUS[error.family], section="sessions", error=error)
    return visit.go("/settings/sessions", done="password-changed")


def _check(request: Request, given: str) -> None:
    mark = cookies.visitor(request)
    if not mark or not hmac.compare_digest(given.encode(), ids.fingerprint(mark).encode()):
        raise Denied("form_expired", "This form has expired.", remedy="Send it once more.")


def _bare(request: Request, template: str, *, error: TillwrightError | None = None, **context: object) -> Response:
    mark = cookies.visitor(request) or ids.token()
    response = render.html(
        template,
        status=STATUS[error.family] if error else 200,
        theme=cookies.theme(request),
        csrf=ids.fingerprint(mark),
        path=request.url.path,
        error=error,
        **context,
    )
    cookies.keep_visitor(request, response, mark)
    return _closed(response)


def _closed(response: Response) -> Response:
    # A link is the secret: it must not be told to whatever page is opened next.
    response.headers["referrer-policy"] = "no-referrer"
    return response


ROUTES = (
    Route("/forgot-password", forgotten, methods=["GET"]),
    Route("/forgot-password", ask, methods=["POST"]),
    Route("/reset-password/{token}", choose_form, methods=["GET"]),
    Route("/reset-password/{token}", choose, methods=["POST"]),
)
PAGES = (("GET", OWN, own_form), ("POST", OWN, change))
