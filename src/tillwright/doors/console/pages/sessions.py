"""Sessions: the browsers that are signed in, and ending them."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import Visit

PATH = "/settings/sessions"


async def index(visit: Visit) -> Response:
    """One's own, and for administrators everybody's in the organisation."""
    own = await visit.house.tenancy.sessions(visit.session)
    known = {session.id for session in own}
    every = await visit.house.tenancy.sessions_of_all(visit.principal) if visit.principal.may("session:write") else []
    others = [session for session in every if session.id not in known]
    return visit.html("pages/sessions.html", section="sessions", own=own, others=others)


async def end(visit: Visit) -> Response:
    """End one session; ending this one signs out."""
    session_id = visit.request.path_params["id"]
    await visit.house.tenancy.end_session(visit.session, session_id)
    return visit.go("/sign-in" if session_id == visit.session.id else PATH, done="session-ended")


async def end_others(visit: Visit) -> Response:
    """End all of one's own but this one."""
    await visit.house.tenancy.end_other_sessions(visit.session)
    return visit.go(PATH, done="sessions-ended")


PAGES = (
    ("GET", PATH, index),
    ("POST", PATH + "/end-others", end_others),
    ("POST", PATH + "/{id}/end", end),
)
