"""One request of a signed-in person, and the wrapping that every page shares: session, CSRF, errors."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tillwright.domains.tenancy import Principal, Session
from tillwright.doors.console import cookies, render
from tillwright.doors.console.shell import Shell, shell_of
from tillwright.kit.errors import Denied, TillwrightError
from tillwright.wiring import House

log = logging.getLogger(__name__)
STATUS = {"absent": 404, "conflict": 409, "denied": 403, "invalid": 422, "upstream": 502}
MOST_FORM = 64 * 1024


@dataclass
class Visit:
    """What a page function is given; `token` is the session's own, `form` is empty for a GET."""

    request: Request
    house: House
    session: Session
    token: str
    shell: Shell
    form: FormData

    @property
    def principal(self) -> Principal:
        return self.session.principal

    @property
    def organisation_id(self) -> str:
        return self.session.principal.organisation_id

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of the page only."""
        return self.request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in (
            self.request.headers
        )

    def text(self, name: str) -> str:
        """A form field as text, empty where it was not sent."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def html(self, template: str, *, status: int = 200, section: str = "", **context: Any) -> Response:
        """A page or a part of one, drawn with what the layout needs."""
        return render.html(
            template,
            status=status,
            theme=cookies.theme(self.request),
            now=self.house.clock.now(),
            session=self.session,
            principal=self.principal,
            shell=self.shell,
            csrf=self.session.csrf,
            section=section,
            path=self.request.url.path,
            done=self.query("done"),
            partial=self.partial,
            **context,
        )

    def go(self, path: str, **query: str) -> Response:
        """Send the browser on after a form; htmx is told in its own way."""
        target = path + (f"?{urlencode(query)}" if query else "")
        if self.partial:
            return Response(headers={"hx-redirect": target})
        return RedirectResponse(target, status_code=303)


Page = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def page(show: Page) -> Endpoint:
    """The endpoint for a page that only signed-in people see."""

    async def endpoint(request: Request) -> Response:
        house: House = request.app.state.house
        token = cookies.session(request)
        session = await house.tenancy.session(token) if token else None
        if session is None:
            return _to_sign_in(request)
        form = FormData()
        try:
            if request.method == "POST":
                form = await read_form(request)
                check_csrf(form, request, session.csrf)
            visit = Visit(request, house, session, token, await shell_of(house, session), form)
        except TillwrightError as error:
            return failure(request, error)
        try:
            return await show(visit)
        except TillwrightError as error:
            if visit.partial:
                return visit.html("parts/problem.html", status=STATUS[error.family], error=error)
            return visit.html("pages/problem.html", status=STATUS[error.family], error=error)

    return endpoint


async def read_form(request: Request) -> FormData:
    """The form that was sent; one larger than any of ours is refused unread."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_FORM:
        raise Denied("form_too_large", "This form is larger than any of ours.", remedy="Send less than 64 kB.")
    return await request.form(max_files=0, max_fields=100)


def check_csrf(form: Mapping[str, Any], request: Request, expected: str) -> None:
    """Refuse a form that another site made: the token must match, and a browser that names the origin names ours."""
    given = form.get("csrf", "")
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if foreign or not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Denied(
            "form_expired",
            "This form was not made by your present session.",
            remedy="Go back, reload the page, and send it again.",
        )


def failure(request: Request, error: TillwrightError, status: int | None = None) -> Response:
    """A problem as a page of its own, for when there is no layout to draw it in."""
    return render.html(
        "pages/bare_problem.html",
        status=status or STATUS[error.family],
        theme=cookies.theme(request),
        error=error,
        path=request.url.path,
    )


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(headers={"hx-redirect": "/sign-in"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    suffix = f"?next={quote(wanted)}" if request.method == "GET" and wanted != "/" else ""
    return RedirectResponse(f"/sign-in{suffix}", status_code=303)
