"""The address at which a workflow is called from outside, and its secret."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.automation.hook_store import Hook
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.wiring import House

router = APIRouter(tags=["Workflows"])
_EXAMPLE: dict[str, JsonValue] = {
    "workflowId": "wfl_01k0example0000000000000000",
    "url": "https://billing.example.com/webhooks/workflow/org_01k0example0000000000000000/wfl_01k0example0000000000000000",
    "creationTime": "2027-01-15T12:00:00Z",
    "secretTime": "2027-01-15T12:00:00Z",
    "earlierSecretUntil": None,
    "lastDeliveryTime": None,
}


class WebhookEntity(BaseModel):
    """`secretTime`: when the secret was made; `earlierSecretUntil`: till when the one before it is good."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    workflowId: str  # noqa: N815
    url: str
    creationTime: datetime  # noqa: N815
    secretTime: datetime  # noqa: N815
    earlierSecretUntil: datetime | None  # noqa: N815
    lastDeliveryTime: datetime | None  # noqa: N815


class OpenedWebhook(WebhookEntity):
    """`secret` is shown here, and never again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "secret": "whsec_(44 characters)"}]})

    secret: str


@router.get("/workflow/{workflowId}/webhook", summary="A workflow's webhook", operation_id="getWorkflowWebhook")
async def get_webhook(caller: Caller, house: TheHouse, workflowId: str) -> WebhookEntity:  # noqa: N803
    """Its address and the times of its secret."""
    return _entity(house, await house.automation.hooks.get(caller, workflowId))


@router.post(
    "/workflow/{workflowId}/webhook", summary="Open a webhook, or renew its secret", operation_id="openWorkflowWebhook"
)
async def open_webhook(caller: Caller, house: TheHouse, workflowId: str) -> OpenedWebhook:  # noqa: N803
    """Of a workflow with a `webhook` trigger. Called again it makes another secret; the one before lasts for a day."""
    hook, secret = await house.automation.hooks.open(caller, workflowId)
    return OpenedWebhook(**_entity(house, hook).model_dump(), secret=secret.reveal())


@router.delete("/workflow/{workflowId}/webhook", summary="Close a webhook", operation_id="closeWorkflowWebhook")
async def close_webhook(caller: Caller, house: TheHouse, workflowId: str) -> Literal[""]:  # noqa: N803
    """No more deliveries are taken; the secret is shredded."""
    await house.automation.hooks.close(caller, workflowId)
    return ""


def _entity(house: House, hook: Hook) -> WebhookEntity:
    return WebhookEntity(
        workflowId=hook.workflow_id,
        url=house.automation.hooks.address(hook),
        creationTime=hook.created,
        secretTime=hook.renewed,
        earlierSecretUntil=hook.earlier_until,
        lastDeliveryTime=hook.last_delivery,
    )
