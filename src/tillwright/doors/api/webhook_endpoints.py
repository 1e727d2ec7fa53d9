"""The webhook endpoint of an integration over HTTP: how it is, and another signing secret for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.webhooks import Endpoint
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.integrations import PATH
from tillwright.kit.errors import Absent
from tillwright.wiring import House

router = APIRouter(tags=["Integrations"])
_EXAMPLE: dict[str, JsonValue] = {
    "livemode": False,
    "state": "ACTIVE",
    "stripeId": "we_1Example",
    "url": "https://pay.example.com/webhooks/stripe/",
    "earlierSecretUntil": None,
    "problem": None,
    "remedy": None,
    "lastUpdateTime": "2027-01-15T12:05:00Z",
}
_CONNECT: dict[str, JsonValue] = {**_EXAMPLE, "stripeId": "we_1Second"}


class OneEndpoint(BaseModel):
    """`url` leaves out the token it ends in; `problem` says why it is not ACTIVE, and what happens instead."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    livemode: bool
    state: str = Field(description="WANTED until Stripe has it and its secret is sealed here, then ACTIVE")
    stripeId: str | None  # noqa: N815
    url: str | None
    earlierSecretUntil: datetime | None = Field(description="until when the secret before is accepted")  # noqa: N815
    problem: str | None
    remedy: str | None
    lastUpdateTime: datetime  # noqa: N815


class WebhookEndpoint(OneEndpoint):
    """The account's own endpoint; `connect` is the one by which Stripe tells that a user took access back.

    `connect` is null while the integration has no Connect client id.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "connect": _CONNECT}]})

    connect: OneEndpoint | None


@router.get(PATH + "/webhookEndpoint", summary="The webhook endpoint", operation_id="getWebhookEndpoint")
async def get_webhook_endpoint(caller: Caller, house: TheHouse, partner: str, service: str) -> WebhookEndpoint:
    """Our endpoint at Stripe for the integration's mode; 404 before the first verification."""
    integration = await house.integrations.get(caller, partner, service)
    for endpoint in await house.webhooks.endpoints(caller.organisation_id):
        if endpoint.livemode is integration.livemode:
            return await _entity(house, endpoint)
    raise Absent("webhook_endpoint_absent", "There is no webhook endpoint yet.", remedy="POST …/verify first.")


@router.post(PATH + "/webhookEndpoint/rotate", summary="Change its secret", operation_id="rotateWebhookSecret")
async def rotate_webhook_secret(caller: Caller, house: TheHouse, partner: str, service: str) -> WebhookEndpoint:
    """Puts another signing secret in place; deliveries signed with the one before are accepted for 24 hours.

    The worker does the same for the endpoint of users' accounts."""
    await house.integrations.get(caller, partner, service)
    return await _entity(house, await house.webhooks.rotate_secret(caller))


async def _entity(house: House, endpoint: Endpoint) -> WebhookEndpoint:
    connect = await house.webhooks.connect_endpoint(endpoint.organisation_id, livemode=endpoint.livemode)
    return WebhookEndpoint(**_facts(endpoint), connect=OneEndpoint(**_facts(connect)) if connect else None)


def _facts(endpoint: Endpoint) -> dict[str, Any]:
    error = endpoint.error or {}
    return {
        "livemode": endpoint.livemode,
        "state": endpoint.state,
        "stripeId": endpoint.stripe_id,
        "url": endpoint.url,
        "earlierSecretUntil": endpoint.earlier_until,
        "problem": error.get("sentence"),
        "remedy": error.get("remedy"),
        "lastUpdateTime": endpoint.updated,
    }
