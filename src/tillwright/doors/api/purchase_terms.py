"""Purchase terms over HTTP: what buying a product once grants, where a setting says so."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.entitlements.purchases import PurchaseTerm
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Entitlements"])
_PATH = "/purchaseTerm/{purchaseTermId}"
_GIVEN: dict[str, JsonValue] = {"objectId": "prod_example", "term": "P1Y", "appliesFrom": None}


class GivenPurchaseTerm(BaseModel):
    """`objectId` is a product's or a price's; null: every product that has no term of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GIVEN]})

    objectId: str | None  # noqa: N815
    term: str | None = Field(description="An ISO 8601 duration of whole days: P1Y, P6M, P2W, P30D; null grants nothing")
    appliesFrom: str | None = Field(  # noqa: N815
        default=None, description="For what is paid from then on, a date or a time; null: for every purchase"
    )


class PurchaseTermEntity(BaseModel):
    """One term, of the mode that is connected."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_GIVEN,
                    "id": "pte_01k0example0000000000000000",
                    "organizationID": "org_01k0example0000000000000000",
                    "livemode": False,
                    "lastUpdatedBy": "Ada Lovelace",
                    "lastUpdateTime": "2027-01-15T12:00:00Z",
                }
            ]
        }
    )

    id: str
    organizationID: str  # noqa: N815
    livemode: bool
    objectId: str | None  # noqa: N815
    term: str | None
    appliesFrom: datetime | None  # noqa: N815
    lastUpdatedBy: str  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815


@router.get("/purchaseTerm", summary="List what purchases grant", operation_id="listPurchaseTerms")
async def list_purchase_terms(caller: Caller, house: TheHouse) -> list[PurchaseTermEntity]:
    """What is set here, of the connected mode; what metadata at Stripe says is not among it. The default comes last."""
    rows = await house.entitlements.purchase_terms.list(caller)
    return [_entity(caller.organisation_id, row) for row in rows]


@router.post("/purchaseTerm", summary="Set what a purchase grants", operation_id="setPurchaseTerm")
async def set_purchase_term(caller: Caller, house: TheHouse, body: GivenPurchaseTerm) -> PurchaseTermEntity:
    """A term of the same object and time is replaced. The worker then goes back over the purchases there are."""
    row = await house.entitlements.purchase_terms.put(
        caller, object_id=body.objectId, term=body.term, since=body.appliesFrom
    )
    return _entity(caller.organisation_id, row)


@router.get(_PATH, summary="Get what a purchase grants", operation_id="getPurchaseTerm")
async def get_purchase_term(caller: Caller, house: TheHouse, purchaseTermId: str) -> PurchaseTermEntity:  # noqa: N803
    """One term."""
    row = await house.entitlements.purchase_terms.get(caller, purchaseTermId)
    return _entity(caller.organisation_id, row)


@router.delete(_PATH, summary="Take a purchase term away", operation_id="deletePurchaseTerm")
async def delete_purchase_term(caller: Caller, house: TheHouse, purchaseTermId: str) -> str:  # noqa: N803
    """What follows from it ends, unless another term or metadata speaks for it."""
    await house.entitlements.purchase_terms.remove(caller, purchaseTermId)
    return ""


def _entity(organisation_id: str, row: PurchaseTerm) -> PurchaseTermEntity:
    return PurchaseTermEntity(
        id=row.id,
        organizationID=organisation_id,
        livemode=row.livemode,
        objectId=row.object_id,
        term=row.term,
        appliesFrom=None if row.always else row.since,
        lastUpdatedBy=row.by,
        lastUpdateTime=row.updated,
    )
