"""Switching between test and live, and a test copy of the organisation, over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.integrations import PATH, IntegrationEntity, entity_of, only, stripe_info, text
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret

router = APIRouter(tags=["Test and live"])
_KEYS: dict[str, JsonValue] = {"publishableKey": "pk_live_example", "secretKey": "rk_live_example"}
_PREVIEW: dict[str, JsonValue] = {
    "ready": True,
    "from": {"accountId": "acct_1Example", "mode": "test"},
    "to": {"accountId": "acct_1Example", "accountName": "Northwind", "mode": "live"},
    "workflows": 3,
    "activeWorkflows": 2,
    "runsUnderWay": 1,
    "missingIds": [{"workflow": "welcome", "id": "price_1Example", "object": "price"}],
    "unknownIds": [],
    "report": {"outcome": "VERIFIED", "reasons": []},
}


class SwitchKeys(BaseModel):
    """The other side's keys; for the switch itself also `version`, as last read, and `connectClientId`, if any."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"info": {"stripeIntegration": _KEYS | {"version": 3}}}]})

    info: dict[str, Any]


class SwitchPreview(BaseModel):
    """What would carry over, what the workflows name that the other side does not have, and what VERIFY says."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PREVIEW]}, populate_by_name=True)

    ready: bool
    from_: dict[str, Any] = Field(alias="from")
    to: dict[str, Any]
    workflows: int
    activeWorkflows: int  # noqa: N815
    runsUnderWay: int  # noqa: N815
    missingIds: list[dict[str, Any]]  # noqa: N815
    unknownIds: list[dict[str, Any]]  # noqa: N815
    report: dict[str, Any]


class CopyOrganisation(BaseModel):
    """`administrator`: the mail address of an administrator of this organisation, who will be the copy's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Northwind (test)", "administrator": "ada@example.com"}]},
    )

    name: str = Field(max_length=100)
    administrator: str = Field(max_length=254)


class CopiedOrganisation(BaseModel):
    """The new organisation, with nothing connected and every workflow paused."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organizationID": "org_01k0example0000000000000000",
                    "name": "Northwind (test)",
                    "workflows": 3,
                    "notificationScopes": 4,
                }
            ]
        }
    )

    organizationID: str  # noqa: N815
    name: str
    workflows: int
    notificationScopes: int  # noqa: N815


# Both take the same body: what was looked at is then sent again as it is.
_GIVEN = ("publishableKey", "secretKey", "version", "connectClientId")


@router.post(PATH + "/switch/check", summary="Look before a switch", operation_id="checkSwitch")
async def check_switch(caller: Caller, house: TheHouse, partner: str, service: str, body: SwitchKeys) -> SwitchPreview:
    """Tells what a switch to the side of these keys would do; changes nothing."""
    await house.integrations.get(caller, partner, service)
    given = stripe_info(body.info)
    only(given, _GIVEN)
    preview = await house.environments.preview(
        caller, publishable_key=text(given, "publishableKey"), secret_key=Secret(text(given, "secretKey"))
    )
    return SwitchPreview(**preview.as_json())


@router.post(PATH + "/switch", summary="Switch between test and live", operation_id="switchIntegration")
async def switch_integration(
    caller: Caller, house: TheHouse, partner: str, service: str, body: SwitchKeys
) -> IntegrationEntity:
    """Verifies the other side's keys, then puts them in place at once; runs under way stay on their side."""
    await house.integrations.get(caller, partner, service)
    given = stripe_info(body.info)
    only(given, _GIVEN)
    version = given.get("version")
    if type(version) is not int:
        raise Invalid(
            "version_malformed", "version is a whole number.", field="version", remedy="Send it as last read."
        )
    switched = await house.environments.switch(
        caller,
        expected_version=version,
        publishable_key=text(given, "publishableKey"),
        secret_key=Secret(text(given, "secretKey")),
        connect_client_id=text(given, "connectClientId") if given.get("connectClientId") else "",
    )
    return entity_of(switched)


@router.post("/testCopy", summary="Make a test copy", operation_id="createTestCopy")
async def create_test_copy(caller: Caller, house: TheHouse, body: CopyOrganisation) -> CopiedOrganisation:
    """Another organisation with these settings, workflows (paused) and routing; no keys, no data. Needs ADMIN."""
    copy = await house.environments.copy(caller, body.name, administrator=body.administrator)
    return CopiedOrganisation(
        organizationID=copy.organisation_id,
        name=copy.name,
        workflows=copy.workflows,
        notificationScopes=copy.notification_scopes,
    )
