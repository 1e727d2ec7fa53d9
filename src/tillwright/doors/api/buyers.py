"""Buyers over HTTP: Stripe's customers under the API's own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.billing import Asked
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.doors.api import buyer_shapes as shapes
from tillwright.doors.api.buyer_shapes import BuyerEntity
from tillwright.doors.api.callers import Caller, Operation, TheHouse
from tillwright.doors.api.lists import ListQuery, ListSlice, QueryPage
from tillwright.wiring import House

router = APIRouter(tags=["Buyers"])
_NEW: dict[str, JsonValue] = {"partner": "STRIPE", "name": "Ada Example", "customerId": "crm-4711"}
_CHANGE: dict[str, JsonValue] = {"name": "Ada Example Ltd", "companyInfo": {"city": "Berlin", "country": "DE"}}


class PaymentConfig(BaseModel):
    """`defaultWalletId` is the payment method invoices are charged to."""

    allowedWalletTypes: list[str] | None = Field(default=None, max_length=20)  # noqa: N815
    currency: str | None = Field(default=None, max_length=3)
    defaultWalletId: str | None = Field(default=None, max_length=255)  # noqa: N815


class CompanyInfo(BaseModel):
    """The address becomes the customer's at Stripe; name and mail domain are kept in its metadata."""

    name: str | None = Field(default=None, max_length=500)
    emailDomain: str | None = Field(default=None, max_length=255)  # noqa: N815
    addressLine1: str | None = Field(default=None, max_length=500)  # noqa: N815
    addressLine2: str | None = Field(default=None, max_length=500)  # noqa: N815
    city: str | None = Field(default=None, max_length=500)
    country: str | None = Field(default=None, max_length=2)
    postalCode: str | None = Field(default=None, max_length=500)  # noqa: N815
    state: str | None = Field(default=None, max_length=500)


class UpdateBuyer(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHANGE]})

    name: str | None = Field(default=None, max_length=256)
    stripeCustomerId: str | None = Field(default=None, max_length=255)  # noqa: N815
    customerId: str | None = Field(default=None, max_length=500)  # noqa: N815
    companyInfo: CompanyInfo | None = None  # noqa: N815
    paymentConfig: PaymentConfig | None = None  # noqa: N815

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class CreateBuyer(UpdateBuyer):
    """Without `stripeCustomerId` a customer is made at Stripe; with one, that customer is the buyer."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    partner: str = Field(default="STRIPE", pattern="^STRIPE$", description="STRIPE")


@router.get("/buyer", summary="List buyers", operation_id="listBuyers")
async def list_buyers(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    partner: Annotated[str | None, Query(max_length=50)] = None,
    emailDomain: Annotated[str | None, Query(max_length=255)] = None,  # noqa: N803
) -> list[BuyerEntity]:
    """Newest first, from the mirror; partners other than STRIPE have none."""
    if partner not in (None, "", "STRIPE"):
        return []
    found = await house.buyers.list(caller, email_domain=emailDomain, limit=cut.limit, offset=cut.offset)
    return await _entities(caller, house, found.rows)


@router.get("/buyer/query", summary="Query buyers", operation_id="queryBuyers")
async def query_buyers(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[BuyerEntity]:
    """By filter and sort over id, name, email, phone, description, customer_id, currency, delinquent, creation_time."""
    cut = asked.slice
    found = await house.buyers.query(caller, asked.q, asked.s, limit=cut.limit, offset=cut.offset)
    return QueryPage[BuyerEntity].of(asked, await _entities(caller, house, found.rows), found.total)


@router.post("/buyer", summary="Create or link a buyer", operation_id="createBuyer")
async def create_buyer(caller: Caller, house: TheHouse, operation: Operation, body: CreateBuyer) -> BuyerEntity:
    """Makes a customer at Stripe, or takes the one named by `stripeCustomerId`. Needs the role EDITOR."""
    row = await house.buyers.create(Asked(caller, "buyer:create", operation), body.given())
    return (await _entities(caller, house, [row]))[0]


@router.get("/buyer/{buyerId}", summary="Get a buyer", operation_id="getBuyer")
async def get_buyer(caller: Caller, house: TheHouse, buyerId: str) -> BuyerEntity:  # noqa: N803
    """One buyer; its id is the Stripe customer's."""
    return (await _entities(caller, house, [await house.buyers.get(caller, buyerId)]))[0]


@router.patch("/buyer/{buyerId}", summary="Change a buyer", operation_id="updateBuyer")
async def update_buyer(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    body: UpdateBuyer,
) -> BuyerEntity:
    """Changes the customer at Stripe. Needs the role EDITOR."""
    row = await house.buyers.update(Asked(caller, "buyer:update", operation), buyerId, body.given())
    return (await _entities(caller, house, [row]))[0]


async def _entities(caller: Principal, house: House, rows: Sequence[MirrorObject]) -> list[BuyerEntity]:
    """With the contacts that are linked to each."""
    contacts = await house.notices.contacts.of_buyers(caller, [row.id for row in rows])
    return [shapes.buyer(caller.organisation_id, row, contacts.get(row.id, ())) for row in rows]
