"""Contacts: people who are told things, by their names; one by one or many at once, and linked to customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from tillwright.domains.notifications import catalogue
from tillwright.domains.notifications.contacts.model import INFO
from tillwright.domains.notifications.scope import Scope
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Invalid, Problem, TillwrightError

HOME = "/contacts"
PAGE = 25


async def index(visit: Visit) -> Response:
    """The list, narrowed by `q`, which looks at names, addresses and tags."""
    return await _list(visit)


async def create(visit: Visit) -> Response:
    """Make one."""
    try:
        (made,) = await visit.house.notices.contacts.create(visit.principal, [_given(visit)])
    except Invalid as error:
        return await _list(visit, error=error, typed=dict(visit.form))
    return visit.go(f"{HOME}/{made.id}", done="contact-made")


async def create_many(visit: Visit) -> Response:
    """Make many, all or none: a line each, `name, address, tag tag`."""
    try:
        await visit.house.notices.contacts.create(visit.principal, _lines(visit.text("lines")))
    except Invalid as error:
        return await _list(visit, error=error, typed={"lines": visit.text("lines")})
    return visit.go(HOME, done="contacts-made")


async def show(visit: Visit) -> Response:
    """One contact, with its customers and what it is told of."""
    return await _one(visit)


async def change(visit: Visit) -> Response:
    """Save what was typed."""
    try:
        await visit.house.notices.contacts.update(visit.principal, _id(visit), _given(visit))
    except Invalid as error:
        return await _one(visit, error=error, typed=dict(visit.form))
    return visit.go(f"{HOME}/{_id(visit)}", done="contact-saved")


async def delete(visit: Visit) -> Response:
    """Forget it."""
    await visit.house.notices.contacts.delete(visit.principal, _id(visit))
    return visit.go(HOME, done="contact-deleted")


async def link(visit: Visit) -> Response:
    """Link it to a customer."""
    try:
        await visit.house.notices.contacts.link(visit.principal, _id(visit), visit.text("buyer").strip())
    except Absent as error:
        if error.code != "buyer_absent":
            raise
        return await _one(visit, error=error)
    return visit.go(f"{HOME}/{_id(visit)}", done="contact-linked")


async def unlink(visit: Visit) -> Response:
    """Take the link away."""
    await visit.house.notices.contacts.unlink(visit.principal, _id(visit), visit.text("buyer"))
    return visit.go(f"{HOME}/{_id(visit)}", done="contact-unlinked")


async def _list(visit: Visit, *, error: TillwrightError | None = None, typed: dict[str, Any] | None = None) -> Response:
    number, words = _number(visit), _plain(visit.query("q"))
    named = f'(or (ilike name "{words}") (ilike email_address "{words}") (ilike tags "{words}"))'
    found, total = await visit.house.notices.contacts.query(
        visit.principal, q=named if words else None, s="name", limit=PAGE, offset=(number - 1) * PAGE
    )
    return visit.html(
        "pages/contacts.html",
        status=STATUS[error.family] if error else 200,
        section="contacts",
        contacts=found,
        total=total,
        number=number,
        more=number * PAGE < total,
        query=visit.query("q"),
        error=error,
        typed=typed or {},
        may_change=visit.principal.may("contact:write"),
    )


async def _one(visit: Visit, *, error: TillwrightError | None = None, typed: dict[str, Any] | None = None) -> Response:
    contact = await visit.house.notices.contacts.get(visit.principal, _id(visit))
    shown = {"name": contact.name, "email": contact.email, "tags": ", ".join(contact.tags)}
    shown |= {name: contact.info.get(name, "") for name in INFO}
    return visit.html(
        "pages/contact.html",
        status=STATUS[error.family] if error else 200,
        section="contacts",
        contact=contact,
        shown=shown | (typed or {}),
        scopes=await _scopes(visit, contact.id),
        error=error,
        may_change=visit.principal.may("contact:write"),
    )


async def _scopes(visit: Visit, contact_id: str) -> Sequence[Scope]:
    """What it is told of by mail."""
    held = await visit.house.notices.configurations.get(visit.principal)
    return [
        catalogue.scope_of(name)
        for name, scope in held.scopes.items()
        if contact_id in (*scope.to, *scope.cc, *scope.bcc)
    ]


def _given(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.text("name"),
        "email": visit.text("email"),
        "tags": _tags(visit.text("tags")),
        "info": {name: visit.text(name).strip() for name in INFO},
    }


def _lines(text: str) -> list[dict[str, Any]]:
    """Raises Invalid with every line that is none."""
    given: list[dict[str, Any]] = []
    wrong: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = [part.strip() for part in line.split(",")]
        if not line.strip():
            continue
        if len(parts) < 2:
            wrong.append(Problem("line_malformed", f"Line {number} has no comma.", "lines", "Name, address, tags"))
            continue
        given.append({"name": parts[0], "email": parts[1], "tags": _tags(" ".join(parts[2:]))})
    if wrong:
        raise Invalid.many(wrong)
    return given


def _tags(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _number(visit: Visit) -> int:
    text = visit.query("page")
    return min(max(1, int(text)), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _plain(words: str) -> str:
    return "".join("\\" + c if c in '\\"' else c for c in words.replace("\0", ""))[:200]


def _id(visit: Visit) -> str:
    return visit.request.path_params["id"]


PAGES = (
    ("GET", HOME, index),
    ("POST", HOME, create),
    ("POST", HOME + "/batch", create_many),
    ("GET", HOME + "/{id}", show),
    ("POST", HOME + "/{id}", change),
    ("POST", HOME + "/{id}/delete", delete),
    ("POST", HOME + "/{id}/link", link),
    ("POST", HOME + "/{id}/unlink", unlink),
)
