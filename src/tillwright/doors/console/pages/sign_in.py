"""Signing in and out, and moving between one's organisations."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillwright.doors.console import cookies, render
from tillwright.doors.console.visit import STATUS, Visit, failure, page, read_form
from tillwright.kit import ids
from tillwright.kit.errors import Denied, TillwrightError
from tillwright.wiring import House


async def form(request: Request) -> Response:
    """The sign-in form; someone who is signed in already goes on."""
    house: House = request.app.state.house
    token = cookies.session(request)
    if token and await house.tenancy.session(token):
        return RedirectResponse(own_path(request.query_params.get("next", "/")), status_code=303)
    return await _form(request, next_page=own_path(request.query_params.get("next", "/")))


async def enter(request: Request) -> Response:
    """Check the password; the session's token goes into a cookie that scripts cannot read."""
    house: House = request.app.state.house
    try:
        sent = await read_form(request)
    except TillwrightError as error:
        return failure(request, error)
    email, password = str(sent.get("email", "")), str(sent.get("password", ""))
    next_page = own_path(str(sent.get("next", "/")))
    mark = cookies.visitor(request)
    if not mark or not hmac.compare_digest(str(sent.get("csrf", "")).encode(), ids.fingerprint(mark).encode()):
        error = Denied("form_expired", "This form has expired.", remedy="Send it once more.")
        return await _form(request, email=email, next_page=next_page, error=error)
    try:
        token = await house.tenancy.sign_in(email, password, agent=request.headers.get("user-agent", ""))
    except TillwrightError as error:
        return await _form(request, email=email, next_page=next_page, error=error)
    response = RedirectResponse(next_page, status_code=303)
    cookies.keep_session(request, response, token.reveal())
    return response


async def leave(visit: Visit) -> Response:
    """End the session on our side, and forget the cookie."""
    await visit.house.tenancy.sign_out(visit.token)
    response = RedirectResponse("/sign-in?done=signed-out", status_code=303)
    cookies.drop_session(visit.request, response)
    return response


async def change(visit: Visit) -> Response:
    """Move the session to another organisation of the user."""
    await visit.house.tenancy.enter(visit.token, visit.text("organisation"))
    return visit.go("/")


def own_path(wanted: str) -> str:
    """A path on this very console; anything that could lead a browser elsewhere becomes the overview."""
    parts = urlsplit(wanted)
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if plain and not parts.scheme and not parts.netloc else "/"


async def _form(request: Request, *, email: str = "", next_page: str, error: TillwrightError | None = None) -> Response:
    house: House = request.app.state.house
    mark = cookies.visitor(request) or ids.token()
    response = render.html(
        "pages/sign_in.html",
        status=STATUS[error.family] if error else 200,
        theme=cookies.theme(request),
        csrf=ids.fingerprint(mark),
        email=email,
        next=next_page,
        error=error,
        new=await house.tenancy.is_new(),
        done=request.query_params.get("done", ""),
    )
    cookies.keep_visitor(request, response, mark)
    return response


ROUTES = (
    Route("/sign-in", form, methods=["GET"]),
    Route("/sign-in", enter, methods=["POST"]),
    Route("/sign-out", page(leave), methods=["POST"]),
    Route("/organisation", page(change), methods=["POST"]),
)
