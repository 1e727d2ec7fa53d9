"""The page behind a mail's link to leave a list: no sign-in, and nothing happens by only looking."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.optouts.service import PATH
from tillwright.doors.console import cookies, render
from tillwright.doors.console.visit import failure, read_form
from tillwright.kit.errors import TillwrightError
from tillwright.wiring import House


async def show(request: Request) -> Response:
    """Which list, and a button. A mail program that fetches links ahead changes nothing."""
    house: House = request.app.state.house
    try:
        link = house.notices.opt_outs.read(request.path_params["token"])
        out = await house.notices.opt_outs.is_out(link)
    except TillwrightError as error:
        return failure(request, error)
    scope = catalogue().get(link.scope)
    return render.html(
        "pages/unsubscribe.html",
        theme=cookies.theme(request),
        path=request.url.path,
        address=link.address,
        title=scope.title if scope else link.scope,
        summary=scope.summary if scope else "",
        out=out,
    )


async def change(request: Request) -> Response:
    """Leave, or come back. The link itself is the right to: one press in a mail program has no session and no token."""
    house: House = request.app.state.house
    try:
        form = await read_form(request)
        link = house.notices.opt_outs.read(request.path_params["token"])
        if form.get("do") == "back":
            await house.notices.opt_outs.come_back(link)
        else:
            await house.notices.opt_outs.leave(link)
    except TillwrightError as error:
        return failure(request, error)
    if form.get("List-Unsubscribe") == "One-Click":
        return PlainTextResponse("Unsubscribed.")
    return await show(request)


ROUTES = (
    Route(PATH + "{token}", show, methods=["GET"]),
    Route(PATH + "{token}", change, methods=["POST"]),
)
