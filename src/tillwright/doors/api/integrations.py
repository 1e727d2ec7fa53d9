"""Integrations over HTTP: connect, show, change, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.integrations import Integration, mail_server
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.kit.errors import Invalid, Problem
from tillwright.kit.seal import Secret

router = APIRouter(tags=["Integrations"])
PATH = "/integration/{partner}/{service}"
MAIL = (mail_server.PARTNER, mail_server.SERVICE)
# The names of the API, and of the setting each one is.
SETTINGS = {
    "displayName": "display_name",
    "connectClientId": "connect_client_id",
    "enableEntitlementEndSoonNotification": "enable_entitlement_end_soon_notification",
    "daysBeforeEntitlementEnd": "days_before_entitlement_end",
    "enableEntitlementRenewSoonNotification": "enable_entitlement_renew_soon_notification",
    "daysBeforeEntitlementRenewal": "days_before_entitlement_renewal",
    "paused": "paused",
}
_KEYS: dict[str, JsonValue] = {
    "publishableKey": "pk_test_example",
    "keyType": "RESTRICTED",
    "livemode": False,
    "accountId": "acct_1Example",
    "accountName": "Northwind",
    "apiVersion": "2026-08-26.dahlia",
    "displayName": "",
    "connectClientId": "",
    "enableEntitlementEndSoonNotification": True,
    "daysBeforeEntitlementEnd": 30,
    "enableEntitlementRenewSoonNotification": False,
    "daysBeforeEntitlementRenewal": 7,
    "paused": False,
    "earlierKeysUntil": None,
    "version": 1,
}
_ENTITY: dict[str, JsonValue] = {
    "organizationID": "org_01k0example0000000000000000",
    "partner": "STRIPE",
    "service": "PAYMENT",
    "status": "VERIFIED",
    "info": {"stripeIntegration": _KEYS},
    "createdBy": "Ada",
    "lastUpdatedBy": "Ada",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:05:00Z",
}
_NEW_KEYS: dict[str, JsonValue] = {"publishableKey": "pk_test_example", "secretKey": "rk_test_example"}


class IntegrationEntity(BaseModel):
    """Its key is (organisation, partner, service); `info` never holds a secret key."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTITY]})

    organizationID: str  # noqa: N815
    partner: str
    service: str
    status: str = Field(description="CREATED, VERIFIED or NOT_VERIFIED")
    info: dict[str, Any]
    createdBy: str  # noqa: N815
    lastUpdatedBy: str  # noqa: N815
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815


class CreateIntegration(BaseModel):
    """`info.stripeIntegration` with `publishableKey` and `secretKey` (secret or restricted).

    For partner EMAIL, service SMTP: `info.mailServerIntegration` with `host`, `port`, `tls` (starttls, tls or none),
    `user`, `password` (write-only) and `sender`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organizationID": "org_01k0example0000000000000000",
                    "partner": "STRIPE",
                    "service": "PAYMENT",
                    "info": {"stripeIntegration": _NEW_KEYS},
                }
            ]
        }
    )

    organizationID: str = Field(max_length=36)  # noqa: N815
    partner: str = Field(max_length=50)
    service: str = Field(max_length=50)
    info: dict[str, Any]


class UpdateIntegration(BaseModel):
    """What is left out stays. `version`, as last read, refuses to overwrite what somebody changed meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"info": {"stripeIntegration": {"daysBeforeEntitlementEnd": 20, "version": 1}}}]
        }
    )

    info: dict[str, Any]


class AtStake(BaseModel):
    """One kind of thing that a deletion takes."""

    what: str
    fate: str = Field(description="ERASED: gone for good. ENDED: stopped.")
    count: int
    more: bool = Field(description="There are more than `count`, which is as far as was counted.")


class Deletion(BaseModel):
    """What would be lost."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stakes": [
                        {"what": "Mirrored objects", "fate": "ERASED", "count": 812345, "more": False},
                        {"what": "Events received from Stripe", "fate": "ERASED", "count": 10000, "more": True},
                    ]
                }
            ]
        }
    )

    stakes: list[AtStake]


@router.get("/integration", summary="List integrations", operation_id="listIntegrations")
async def list_integrations(caller: Caller, house: TheHouse) -> list[IntegrationEntity]:
    """All integrations of the organisation."""
    return [entity_of(integration) for integration in await house.integrations.list(caller)]


@router.post("/integration", summary="Connect", operation_id="createIntegration")
async def create_integration(caller: Caller, house: TheHouse, body: CreateIntegration) -> IntegrationEntity:
    """Checks both keys at Stripe, then saves the link. Nothing is saved unless everything held."""
    if body.organizationID != caller.organisation_id:
        raise Invalid(
            "organisation_differs", "The body names another organisation than the path.", field="organizationID"
        )
    if (body.partner, body.service) == MAIL:
        server, password = _mail_info(body.info)
        return entity_of(await house.mail_servers.connect(caller, server, password))
    given = stripe_info(body.info)
    only(given, ("publishableKey", "secretKey"))
    connected = await house.integrations.connect(
        caller,
        partner=body.partner,
        service=body.service,
        publishable_key=text(given, "publishableKey"),
        secret_key=Secret(text(given, "secretKey")),
    )
    return entity_of(connected)


@router.get(PATH, summary="Get an integration", operation_id="getIntegration")
async def get_integration(caller: Caller, house: TheHouse, partner: str, service: str) -> IntegrationEntity:
    """The link as stored."""
    return entity_of(await house.integrations.get(caller, partner, service))


@router.patch(PATH, summary="Change an integration", operation_id="updateIntegration")
async def update_integration(
    caller: Caller, house: TheHouse, partner: str, service: str, body: Annotated[UpdateIntegration, Body()]
) -> IntegrationEntity:
    """Settings, keys, or both. `paused` stops every call with the key.

    A new `secretKey` must be of the same account and mode and may do no less; the one before stays good for 24 hours.
    """
    current = await house.integrations.get(caller, partner, service)
    if (partner, service) == MAIL:
        server, password = _mail_info(body.info)
        version = _version(server, current.version)
        server.pop("version", None)
        return entity_of(
            await house.mail_servers.update(caller, expected_version=version, given=server, password=password)
        )
    given = stripe_info(body.info)
    only(given, (*SETTINGS, "publishableKey", "secretKey", "version"))
    expected = _version(given, current.version)
    settings = {ours: given[theirs] for theirs, ours in SETTINGS.items() if theirs in given}
    public = text(given, "publishableKey") if "publishableKey" in given else None
    if "secretKey" not in given and public in (None, current.publishable_key):
        return entity_of(
            await house.integrations.update(
                caller, partner=partner, service=service, expected_version=expected, settings=settings
            )
        )
    return entity_of(
        await house.rotation.rotate(
            caller,
            partner=partner,
            service=service,
            expected_version=expected,
            publishable_key=public,
            secret_key=Secret(text(given, "secretKey")) if "secretKey" in given else None,
            settings=settings,
        )
    )


@router.get(PATH + "/deletion", summary="Look at what a deletion would take", operation_id="getIntegrationDeletion")
async def get_deletion(caller: Caller, house: TheHouse, partner: str, service: str) -> Deletion:
    """What would be erased or ended, counted. Nothing is begun."""
    stakes = await house.removal.at_stake(caller, partner, service)
    return Deletion(stakes=[AtStake(what=s.what, fate=s.fate, count=s.count, more=s.more) for s in stakes])


@router.delete(PATH, summary="Delete an integration", operation_id="deleteIntegration")
async def delete_integration(caller: Caller, house: TheHouse, partner: str, service: str) -> str:
    """For good: the endpoint at Stripe, sealed keys, mirrored data. Works with a dead key too."""
    await house.removal.delete_integration(caller, partner, service)
    return ""


def entity_of(integration: Integration) -> IntegrationEntity:
    """The shape people are given; no secret is in it."""
    settings = integration.settings
    info: dict[str, Any] = {
        "mailServerIntegration": {**integration.details, "version": integration.version},
    }
    stripe = {
        "publishableKey": integration.publishable_key,
        "keyType": integration.key_kind,
        "livemode": integration.livemode,
        "accountId": integration.account_id,
        "accountName": integration.account_name,
        "apiVersion": integration.api_version,
        "earlierKeysUntil": integration.previous.until if integration.previous else None,
        "version": integration.version,
        **{theirs: getattr(settings, ours) for theirs, ours in SETTINGS.items()},
    }
    return IntegrationEntity(
        organizationID=integration.organisation_id,
        partner=integration.partner,
        service=integration.service,
        status=integration.status,
        info=info if (integration.partner, integration.service) == MAIL else {"stripeIntegration": stripe},
        createdBy=integration.created_by,
        lastUpdatedBy=integration.updated_by,
        creationTime=integration.created,
        lastUpdateTime=integration.updated,
    )


def _mail_info(info: dict[str, Any]) -> tuple[dict[str, Any], Secret | None]:
    given = info.get("mailServerIntegration")
    if not isinstance(given, dict) or set(info) != {"mailServerIntegration"}:
        raise Invalid(
            "info_malformed",
            "info holds one object, mailServerIntegration.",
            field="info",
            remedy='Send {"info": {"mailServerIntegration": {"host", "port", "tls", "user", "password", "sender"}}}.',
        )
    server = dict(given)
    password = server.pop("password", None)
    if not isinstance(password, str | None):
        raise Invalid("password_malformed", "password is a text.", field="password", remedy="Leave it out to keep it.")
    return server, Secret(password) if password else None


def stripe_info(info: dict[str, Any]) -> dict[str, Any]:
    given = info.get("stripeIntegration")
    if not isinstance(given, dict) or set(info) != {"stripeIntegration"}:
        raise Invalid(
            "info_malformed",
            "info holds one object, stripeIntegration.",
            field="info",
            remedy='Send {"info": {"stripeIntegration": {…}}}.',
        )
    return given


def only(given: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = [Problem("field_unknown", f"{name} can't be set here.", name) for name in given if name not in known]
    if unknown:
        raise Invalid.many(unknown)


def text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid("key_missing", f"{name} is missing.", field=name, remedy="Send it as a text.")
    return value


def _version(given: dict[str, Any], current: int) -> int:
    value = given.get("version", current)
    if type(value) is not int:
        raise Invalid(
            "version_malformed", "version is a whole number.", field="version", remedy="Send it as last read."
        )
    return value
