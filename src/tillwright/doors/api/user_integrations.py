"""Users' own accounts over HTTP: which there are, where a person connects theirs, and ending one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.connections import Connection
from tillwright.domains.integrations import PARTNER, SERVICE
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["User integrations"])
_ACCOUNT: dict[str, JsonValue] = {
    "accountId": "acct_1Example",
    "livemode": False,
    "scope": "read_only",
    "lastReadTime": "2027-01-15T12:05:00Z",
}
_ENTITY: dict[str, JsonValue] = {
    "id": "con_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "userId": "usr_01k0example0000000000000000",
    "partner": "STRIPE",
    "service": "PAYMENT",
    "info": {"stripeUserIntegration": _ACCOUNT},
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:05:00Z",
}
_START: dict[str, JsonValue] = {"url": "https://pay.example.com/settings/user-integrations", "livemode": False}


class UserIntegrationEntity(BaseModel):
    """One person's link to an account of their own; nothing of the account's data, which is read by its user alone.

    `lastUpdateTime` is when it was last seen to hold.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTITY]})

    id: str
    organizationID: str  # noqa: N815
    userId: str  # noqa: N815
    partner: str
    service: str
    info: dict[str, Any]
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815


class UserIntegrationStart(BaseModel):
    """Where a person begins: signed in, in their own browser, to which the way to Stripe and back is bound."""

    model_config = ConfigDict(json_schema_extra={"examples": [_START]})

    url: str
    livemode: bool = Field(description="the mode they will connect in, which is that of the organisation's integration")


@router.get("/userIntegration", summary="List users' own accounts", operation_id="listUserIntegrations")
async def list_user_integrations(caller: Caller, house: TheHouse) -> list[UserIntegrationEntity]:
    """Every link of the organisation's people, of both modes."""
    return [_entity(each) for each in await house.connections.overseeing.all(caller)]


@router.post("/userIntegration/connect", summary="Begin to connect", operation_id="connectUserIntegration")
async def connect_user_integration(caller: Caller, house: TheHouse) -> UserIntegrationStart:
    """The address to send a person to. 409 says what is missing before anybody can connect, and who can add it."""
    caller.require("connection:write")
    platform = await house.connections.platform(caller)
    return UserIntegrationStart(url=house.connections.page, livemode=platform.livemode)


@router.get(
    "/userIntegration/{userIntegrationId}", summary="Get a user's own account", operation_id="getUserIntegration"
)
async def get_user_integration(
    caller: Caller,
    house: TheHouse,
    userIntegrationId: str,  # noqa: N803
) -> UserIntegrationEntity:
    """One link."""
    return _entity(await house.connections.overseeing.get(caller, userIntegrationId))


@router.delete(
    "/userIntegration/{userIntegrationId}", summary="End a user's link", operation_id="deleteUserIntegration"
)
async def delete_user_integration(
    caller: Caller,
    house: TheHouse,
    userIntegrationId: str,  # noqa: N803
) -> str:
    """Ends it at once: erased here, taken back at Stripe now or as soon as it answers. Its user is told."""
    await house.connections.overseeing.end(caller, userIntegrationId)
    return ""


def _entity(connection: Connection) -> UserIntegrationEntity:
    return UserIntegrationEntity(
        id=connection.id,
        organizationID=connection.organisation_id,
        userId=connection.user_id,
        partner=PARTNER,
        service=SERVICE,
        info={
            "stripeUserIntegration": {
                "accountId": connection.account_id,
                "livemode": connection.livemode,
                "scope": connection.scope,
                "lastReadTime": connection.used,
            }
        },
        creationTime=connection.created,
        lastUpdateTime=connection.checked,
    )
