"""The page behind an invitation's link: come in as somebody new, or join with the sign-in one has."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillwright.doors.console import cookies, render
from tillwright.doors.console.visit import STATUS, failure, read_form
from tillwright.kit import ids
from tillwright.kit.errors import Denied, TillwrightError
from tillwright.kit.seal import Secret
from tillwright.wiring import House


async def show(request: Request) -> Response:
    """Who invites, to what; a dead link says why."""
    return await _form(request)


async def take_up(request: Request) -> Response:
    """Make the person, or prove who they are, and sign them in."""
    house: House = request.app.state.house
    token = request.path_params["token"]
    try:
        sent = await read_form(request)
    except TillwrightError as error:
        return failure(request, error)
    name, password, mark = str(sent.get("name", "")), str(sent.get("password", "")), cookies.visitor(request)
    try:
        if not mark or not hmac.compare_digest(str(sent.get("csrf", "")).encode(), ids.fingerprint(mark).encode()):
            raise Denied("form_expired", "This form has expired.", remedy="Send it once more.")
        session = await _come_in(house, token, name, password, request.headers.get("user-agent", ""))
    except TillwrightError as error:
        return await _form(request, name=name, error=error)
    response = RedirectResponse("/", status_code=303)
    cookies.keep_session(request, response, session.reveal())
    return response


async def _come_in(house: House, token: str, name: str, password: str, agent: str) -> Secret:
    offer = await house.people.offer(token)
    email, organisation_id = offer.invitation.email, offer.invitation.organisation_id
    if not offer.known:
        await house.people.accept(token, name=name, password=password)
        return await house.tenancy.sign_in(email, password, agent=agent)
    signed_in = await house.tenancy.sign_in(email, password, agent=agent)
    session = await house.tenancy.session(signed_in.reveal())
    if session is not None:
        await house.people.join(token, session.user_id, session.email)
        await house.tenancy.enter(signed_in.reveal(), organisation_id)
    return signed_in


async def _form(request: Request, *, name: str = "", error: TillwrightError | None = None) -> Response:
    house: House = request.app.state.house
    try:
        offer = await house.people.offer(request.path_params["token"])
    except TillwrightError as dead:
        return failure(request, dead)
    mark = cookies.visitor(request) or ids.token()
    response = render.html(
        "pages/invitation.html",
        status=STATUS[error.family] if error else 200,
        theme=cookies.theme(request),
        csrf=ids.fingerprint(mark),
        offer=offer,
        path=request.url.path,
        name=name,
        error=error,
    )
    # The link is the secret: it must not be told to whatever page is opened next.
    response.headers["referrer-policy"] = "no-referrer"
    cookies.keep_visitor(request, response, mark)
    return response


ROUTES = (
    Route("/invitation/{token}", show, methods=["GET"]),
    Route("/invitation/{token}", take_up, methods=["POST"]),
)
