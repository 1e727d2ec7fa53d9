"""The cookies the console sets: the session, a visitor's mark for the sign-in form, and the theme."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

SESSION = "tillwright_session"
VISITOR = "tillwright_visitor"
_TWO_WEEKS = 14 * 24 * 3600


def _name(base: str, secure: bool) -> str:
    # The __Host- prefix binds a cookie to this very host and to HTTPS; browsers refuse it without HTTPS.
    return f"__Host-{base}" if secure else base


def _secure(request: Request) -> bool:
    return bool(request.app.state.secure)


def session(request: Request) -> str:
    """The session's token, or nothing."""
    return request.cookies.get(_name(SESSION, _secure(request)), "")


def visitor(request: Request) -> str:
    """The mark that ties the sign-in form to this browser, or nothing."""
    return request.cookies.get(_name(VISITOR, _secure(request)), "")


def theme(request: Request) -> str:
    """`light`, `dark`, or nothing to follow the system."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in ("light", "dark") else ""


def keep_session(request: Request, response: Response, token: str) -> None:
    secure = _secure(request)
    response.set_cookie(
        _name(SESSION, secure), token, max_age=_TWO_WEEKS, path="/", secure=secure, httponly=True, samesite="lax"
    )


def keep_visitor(request: Request, response: Response, mark: str) -> None:
    secure = _secure(request)
    response.set_cookie(
        _name(VISITOR, secure), mark, max_age=3600, path="/", secure=secure, httponly=True, samesite="strict"
    )


def drop_session(request: Request, response: Response) -> None:
    secure = _secure(request)
    response.delete_cookie(_name(SESSION, secure), path="/", secure=secure, httponly=True, samesite="lax")
