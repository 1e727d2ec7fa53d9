"""Secrets that workflows use by name: put there, replaced, deleted; never shown."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Invalid, TillwrightError
from tillwright.kit.seal import Secret


async def index(visit: Visit) -> Response:
    """Their names, and the form for another."""
    return await _shown(visit)


async def put(visit: Visit) -> Response:
    """Keep one."""
    name = visit.text("name").strip()
    try:
        await visit.house.secrets.put(visit.principal, name, Secret(visit.text("secret").strip()))
    except Invalid as error:
        return await _shown(visit, error=error, name=name)
    return visit.go("/settings/secrets", done="secret-kept")


async def delete(visit: Visit) -> Response:
    """Shred one."""
    await visit.house.secrets.delete(visit.principal, visit.request.path_params["name"])
    return visit.go("/settings/secrets", done="secret-deleted")


async def _shown(visit: Visit, *, error: TillwrightError | None = None, name: str = "") -> Response:
    return visit.html(
        "pages/secrets.html",
        status=STATUS[error.family] if error else 200,
        section="secrets",
        secrets=await visit.house.secrets.names(visit.principal),
        error=error,
        name=name,
    )


PAGES = (
    ("GET", "/settings/secrets", index),
    ("POST", "/settings/secrets", put),
    ("POST", "/settings/secrets/{name}/delete", delete),
)
