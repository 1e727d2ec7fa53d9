"""API keys: making one, shown once, and revoking it."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.tenancy import ApiClient
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Invalid, TillwrightError
from tillwright.kit.seal import Secret


async def index(visit: Visit) -> Response:
    """The keys, and the form for another."""
    return await _shown(visit)


async def create(visit: Visit) -> Response:
    """Make a key; it is on the answering page and nowhere else, ever."""
    name, role = visit.text("name"), visit.text("role")
    try:
        client, key = await visit.house.tenancy.create_api_client(visit.principal, name, role)
    except (Invalid, Conflict) as error:
        return await _shown(visit, error=error, name=name, role=role)
    return await _shown(visit, made=client, key=key)


async def rotate(visit: Visit) -> Response:
    """Replace a key; the new one is on the answering page and nowhere else, ever."""
    client, key = await visit.house.tenancy.rotate_api_client(visit.principal, visit.request.path_params["id"])
    return await _shown(visit, made=client, key=key)


async def revoke(visit: Visit) -> Response:
    """Revoke a key at once."""
    await visit.house.tenancy.revoke_api_client(visit.principal, visit.request.path_params["id"])
    return visit.go("/settings/api-keys", done="key-revoked")


async def _shown(
    visit: Visit,
    *,
    made: ApiClient | None = None,
    key: Secret | None = None,
    error: TillwrightError | None = None,
    name: str = "",
    role: str = "VIEWER",
) -> Response:
    return visit.html(
        "pages/keys.html",
        status=STATUS[error.family] if error else 200,
        section="keys",
        clients=await visit.house.tenancy.api_clients(visit.principal),
        made=made,
        key=key.reveal() if key else "",
        error=error,
        name=name,
        role=role,
        public_url=visit.house.settings.web.public_url,
    )


PAGES = (
    ("GET", "/settings/api-keys", index),
    ("POST", "/settings/api-keys", create),
    ("POST", "/settings/api-keys/{id}/rotate", rotate),
    ("POST", "/settings/api-keys/{id}/revoke", revoke),
)
