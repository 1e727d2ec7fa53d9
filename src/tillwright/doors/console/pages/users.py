"""Users: who is in the organisation and as what, and who is invited."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Invalid, TillwrightError

PATH = "/settings/users"


async def index(visit: Visit) -> Response:
    """Members and open invitations."""
    return await _shown(visit)


async def invite(visit: Visit) -> Response:
    """Ask somebody; what is wrong is said beside the form, which keeps what was typed."""
    email, role = visit.text("email"), visit.text("role")
    try:
        await visit.house.people.invite(visit.principal, email, role)
    except (Invalid, Conflict) as error:
        return await _shown(visit, error=error, email=email, role=role)
    return visit.go(PATH, done="invited")


async def withdraw(visit: Visit) -> Response:
    """Take an invitation back."""
    await visit.house.people.withdraw(visit.principal, visit.request.path_params["id"])
    return visit.go(PATH, done="withdrawn")


async def change_role(visit: Visit) -> Response:
    """Give a member another role."""
    try:
        await visit.house.people.change_role(visit.principal, visit.request.path_params["id"], visit.text("role"))
    except (Invalid, Conflict) as error:
        return await _shown(visit, error=error)
    return visit.go(PATH, done="role-changed")


async def remove(visit: Visit) -> Response:
    """Take a member out; who takes out themselves is signed out by it."""
    user_id = visit.request.path_params["id"]
    try:
        await visit.house.people.remove(visit.principal, user_id)
    except Conflict as error:
        return await _shown(visit, error=error)
    return visit.go("/sign-in" if user_id == visit.session.user_id else PATH, done="user-removed")


async def _shown(
    visit: Visit, *, error: TillwrightError | None = None, email: str = "", role: str = "VIEWER"
) -> Response:
    return visit.html(
        "pages/users.html",
        status=STATUS[error.family] if error else 200,
        section="users",
        members=await visit.house.people.members(visit.principal),
        invitations=await visit.house.people.invitations(visit.principal),
        error=error,
        email=email,
        role=role,
    )


PAGES = (
    ("GET", PATH, index),
    ("POST", PATH, invite),
    ("POST", PATH + "/invitations/{id}/withdraw", withdraw),
    ("POST", PATH + "/{id}/role", change_role),
    ("POST", PATH + "/{id}/remove", remove),
)
