"""Entitlements in the published API's shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.entitlements import Entitlement, Term
from tillwright.domains.integrations.model import PARTNER, SERVICE

_ID = "ent_01k0example0000000000000000"
_SCHEDULE: dict[str, JsonValue] = {
    "type": "EndOfTerm",
    "cancelDate": "2027-02-15T12:00:00Z",
    "note": "Moves to the yearly plan",
    "creationDate": "2027-01-20T09:00:00Z",
}
ENTITY: dict[str, JsonValue] = {
    "id": _ID,
    "organizationID": "org_01k0example0000000000000000",
    "partner": "STRIPE",
    "service": "PAYMENT",
    "partnerID": "acct_1Example",
    "productID": "prod_example",
    "offerID": "price_example",
    "buyerID": "cus_example",
    "externalID": "sub_example",
    "externalBuyerID": "cus_example",
    "externalProductID": "prod_example",
    "entitlementTermID": None,
    "name": "Team plan",
    "type": "SUBSCRIPTION",
    "status": "PENDING_CANCEL",
    "startTime": "2027-01-15T12:00:00Z",
    "endTime": "2027-02-15T12:00:00Z",
    "creationTime": "2027-01-15T12:00:01Z",
    "lastUpdateTime": "2027-01-20T09:00:00Z",
    "info": {"autoRenew": False, "livemode": False, "stripeStatus": "active", "quantity": 5},
    "metaInfo": {"entitlementCancellationSchedule": _SCHEDULE},
}


def _example(*examples: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class EntitlementEntity(BaseModel):
    """`offerID` is a price; `externalID` the subscription, invoice or payment it follows from; `endTime` null: none.

    `info`: autoRenew, livemode, renewTime, alertDaysBeforeEnd and endSoonNotification (null: as the integration says),
    and what is worth knowing of its source: stripeStatus, quantity, trialEnd, …
    """

    model_config = _example(ENTITY)

    id: str
    organizationID: str  # noqa: N815
    partner: str
    service: str
    partnerID: str | None  # noqa: N815
    productID: str | None  # noqa: N815
    offerID: str | None  # noqa: N815
    buyerID: str | None  # noqa: N815
    externalID: str | None  # noqa: N815
    externalBuyerID: str | None  # noqa: N815
    externalProductID: str | None  # noqa: N815
    entitlementTermID: str | None  # noqa: N815
    name: str
    type: str = Field(description="SUBSCRIPTION, SCHEDULE, PURCHASE, FEATURE or MANUAL")
    status: str = Field(description="ACTIVE, PENDING_CANCEL, PENDING_START, SUSPENDED, CANCELLED or DELETED")
    startTime: datetime  # noqa: N815
    endTime: datetime | None  # noqa: N815
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    info: dict[str, Any]
    metaInfo: dict[str, Any]  # noqa: N815

    @classmethod
    def of(cls, e: Entitlement, term_id: str | None = None) -> EntitlementEntity:
        info = {
            **e.info,
            "autoRenew": e.auto_renew,
            "livemode": e.livemode,
            "renewTime": e.renews,
            "buyerName": e.buyer_name,
            "productName": e.product_name,
            "alertDaysBeforeEnd": e.notice_days,
            "endSoonNotification": e.notices,
        }
        return cls(
            id=e.id,
            organizationID=e.organisation_id,
            partner=PARTNER,
            service=SERVICE,
            partnerID=e.account_id,
            productID=e.product_id,
            offerID=e.price_id,
            buyerID=e.buyer_id,
            externalID=None if e.kind == "MANUAL" else e.source.id,
            externalBuyerID=e.buyer_id,
            externalProductID=e.product_id,
            entitlementTermID=term_id,
            name=e.name,
            type=e.kind,
            status=e.status,
            startTime=e.start,
            endTime=e.end,
            creationTime=e.created,
            lastUpdateTime=e.updated,
            info=info,
            metaInfo=e.meta,
        )


class CreateEntitlement(BaseModel):
    """`buyerId` is a customer, `offerId` a price; dates as `2027-01-15` or with a time."""

    model_config = _example(
        {
            "organizationId": "org_01k0example0000000000000000",
            "buyerId": "cus_example",
            "offerId": "price_example",
            "startDate": "2027-01-15T12:00:00Z",
            "endDate": "2028-01-15T12:00:00Z",
        }
    )

    organizationId: str | None = Field(default=None, max_length=36)  # noqa: N815
    buyerId: str | None = None  # noqa: N815
    offerId: str | None = None  # noqa: N815
    productId: str | None = None  # noqa: N815
    name: str | None = None
    startDate: str | None = None  # noqa: N815
    endDate: str | None = None  # noqa: N815


class ScheduleCancellation(BaseModel):
    """`type` is EndOfTerm, SpecificDate (with `cancelDate`) or Immediate; a `note` of at most 500 characters."""

    model_config = _example(
        {"type": "SpecificDate", "cancelDate": "2027-03-31T22:00:00Z", "note": "Asked for by phone"}
    )

    type: str | None = None
    cancelDate: str | None = None  # noqa: N815
    note: str | None = None
    creationDate: str | None = Field(default=None, description="Ours to say; ignored.")  # noqa: N815


class RenameEntitlement(BaseModel):
    """The new name; the ids may be left out."""

    model_config = _example({"id": _ID, "name": "Team plan, Berlin"})

    id: str | None = None
    organizationID: str | None = None  # noqa: N815
    name: str | None = None


class UpdateEntitlement(BaseModel):
    """What is left out stays. `endTime` only for one that was made by hand or bought once; null: without an end.

    `alertDaysBeforeEnd` (10 to 60) and `endSoonNotification` hold for this one alone; null follows the integration.
    """

    model_config = _example({"endTime": "2028-06-30T22:00:00Z", "alertDaysBeforeEnd": 45})

    endTime: str | None = None  # noqa: N815
    alertDaysBeforeEnd: int | None = None  # noqa: N815
    endSoonNotification: bool | None = None  # noqa: N815


class EntitlementTermEntity(BaseModel):
    """One period. `info.type` is Signup, AutoRenew, ManualRenew, PlanChange or QuantityChange."""

    model_config = _example(
        {
            "id": "term_01k0example0000000000000000",
            "organizationID": "org_01k0example0000000000000000",
            "entitlementID": _ID,
            "externalEntitlementID": "sub_example",
            "partner": "STRIPE",
            "service": "PAYMENT",
            "buyerID": "cus_example",
            "productID": "prod_example",
            "offerID": "price_example",
            "startTime": "2027-01-15T12:00:00Z",
            "endTime": "2027-02-15T12:00:00Z",
            "creationTime": "2027-01-15T12:00:01Z",
            "lastUpdateTime": "2027-01-15T12:00:01Z",
            "info": {"type": "Signup"},
        }
    )

    id: str
    organizationID: str  # noqa: N815
    entitlementID: str  # noqa: N815
    externalEntitlementID: str | None  # noqa: N815
    partner: str
    service: str
    buyerID: str | None  # noqa: N815
    productID: str | None  # noqa: N815
    offerID: str | None  # noqa: N815
    startTime: datetime  # noqa: N815
    endTime: datetime | None  # noqa: N815
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    info: dict[str, Any]

    @classmethod
    def of(cls, e: Entitlement, term: Term) -> EntitlementTermEntity:
        return cls(
            id=term.id,
            organizationID=e.organisation_id,
            entitlementID=e.id,
            externalEntitlementID=None if e.kind == "MANUAL" else e.source.id,
            partner=PARTNER,
            service=SERVICE,
            buyerID=e.buyer_id,
            productID=term.product_id,
            offerID=term.price_id,
            startTime=term.start,
            endTime=term.end,
            creationTime=term.created,
            lastUpdateTime=term.created,
            info={"type": term.kind},
        )
