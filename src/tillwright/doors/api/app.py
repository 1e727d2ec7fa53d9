"""The API as one application, described by OpenAPI 3.1 at /openapi.json."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from tillwright import __version__
from tillwright.doors.api import (
    access_tokens,
    ai_usage,
    api_clients,
    approvals,
    assistant,
    auditing_events,
    buyers,
    contacts,
    entitlement_notices,
    entitlements,
    environments,
    integrations,
    invoices,
    kept_events,
    mirror,
    notification_settings,
    notifications,
    operations,
    organisations,
    payment_transactions,
    problems,
    purchase_terms,
    receipts,
    sessions,
    stripe_events,
    stripe_objects,
    user_integrations,
    users,
    verification,
    wallets,
    webhook_endpoints,
    workflow_runs,
    workflow_webhooks,
    workflows,
)
from tillwright.doors.api.bodies import StrictBodies
from tillwright.wiring import House

PREFIXES = ("/openapi.json", "/org", "/org/{rest:path}", "/public/{rest:path}")
ROOMS = (
    ai_usage,
    assistant,
    organisations,
    users,
    sessions,
    api_clients,
    auditing_events,
    webhook_endpoints,
    verification,
    integrations,
    entitlement_notices,
    entitlements,
    environments,
    notification_settings,
    notifications,
    contacts,
    workflows,
    workflow_runs,
    workflow_webhooks,
    kept_events,
    approvals,
    operations,
    buyers,
    wallets,
    invoices,
    payment_transactions,
    purchase_terms,
    receipts,
    user_integrations,
    stripe_objects,
    mirror,
    stripe_events,
)
_DESCRIPTION = """
Send an API key, made in the console under Settings → API keys, as `Authorization: Key <key>`.

Success is always 200; a delete answers `""`. Times are RFC 3339 in UTC. What goes wrong is
`application/problem+json` with a stable `code`, the `field` it is about, and a `remedy`.
"""


def create_app(house: House) -> FastAPI:
    """Build it; the house is what its routes call."""
    app = FastAPI(
        title="Tillwright",
        version=__version__,
        description=_DESCRIPTION.strip(),
        openapi_url="/openapi.json",
        # The interactive pages load scripts from elsewhere; the document itself is what people need.
        docs_url=None,
        redoc_url=None,
        # An address is the one that is documented: a redirection would be an answer that is neither 200 nor a problem.
        redirect_slashes=False,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        responses={status: problems.DOCUMENTED[status] for status in (400, 401, 403, 404)},
    )
    app.state.house = house
    app.add_middleware(StrictBodies)
    problems.register(app)
    app.include_router(access_tokens.router, prefix="/public")
    for room in ROOMS:
        app.include_router(room.router, prefix="/org/{orgId}")
    _tell_security(app)
    return app


def _tell_security(app: FastAPI) -> None:
    """Name the two ways to sign in, for every operation but the one that gives a token."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        page = described()
        page.setdefault("components", {})["securitySchemes"] = {
            "APIKeyAuth": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Key <key>`"},
            "BearerAuth": {"type": "http", "scheme": "bearer", "description": "A token of `/public/apiClient`."},
        }
        page["security"] = [{"APIKeyAuth": []}, {"BearerAuth": []}]
        return page

    app.openapi = openapi  # type: ignore[method-assign]
