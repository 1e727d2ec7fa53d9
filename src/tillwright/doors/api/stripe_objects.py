"""Every object of Stripe's that the mirror holds, over HTTP: lists by search and filter, one object, and files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.mirror.library.service import MEDIA, Asked, Form, Shelf
from tillwright.domains.mirror.model import MirrorObject
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Stripe objects"])
_OBJECT: dict[str, JsonValue] = {
    "id": "cus_NffrFeUfNV2Hib",
    "organizationID": "org_01k0example0000000000000000",
    "objectType": "customer",
    "livemode": False,
    "accountID": "acct_1Example",
    "customerID": None,
    "parentID": None,
    "status": None,
    "deleted": False,
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:02Z",
    "stripeObject": {"id": "cus_NffrFeUfNV2Hib", "object": "customer", "email": "ada@example.com", "balance": 0},
}
_TYPE: dict[str, JsonValue] = {"objectType": "customer", "name": "Customers", "count": 1204, "deletedCount": 3}


class StripeObjectType(BaseModel):
    """`name` is empty for a type that only events brought."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TYPE]})

    objectType: str  # noqa: N815
    name: str
    count: int
    deletedCount: int  # noqa: N815


class StripeObjectEntity(BaseModel):
    """`stripeObject` is as Stripe sent it, in Stripe's names and minor units; a deleted one as it was last.

    `parentID` is whose it is, for types that Stripe lists by parents, such as a subscription's items.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_OBJECT]})

    id: str
    organizationID: str  # noqa: N815
    objectType: str  # noqa: N815
    livemode: bool
    accountID: str | None  # noqa: N815
    customerID: str | None  # noqa: N815
    parentID: str | None  # noqa: N815
    status: str | None
    deleted: bool
    creationTime: datetime | None  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    stripeObject: dict[str, Any]  # noqa: N815


class StripeObjectPage(BaseModel):
    """`nextCursor` is null at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_OBJECT], "nextCursor": None}]})

    items: list[StripeObjectEntity]
    nextCursor: str | None  # noqa: N815


def _asked(
    q: Annotated[
        str | None,
        Query(
            description='A filter over the type\'s fields, e.g. `(and (= currency "eur") (> amount 5000))`; '
            "also `metadata.<key>`."
        ),
    ] = None,
    search: Annotated[
        str | None, Query(max_length=200, description="Part of an id, a name or a mail address; capitals don't matter.")
    ] = None,
    livemode: Annotated[bool | None, Query(description="The connected mode, if left out.")] = None,
) -> Asked:
    return Asked(livemode, q, search)


AskedFor = Annotated[Asked, Depends(_asked)]
ObjectType = Annotated[
    str, Path(alias="objectType", max_length=80, description="As in the objects' own `object` field: `payment_intent`.")
]


@router.get("/stripeObject", summary="List the types of Stripe objects", operation_id="listStripeObjectTypes")
async def list_types(
    caller: Caller,
    house: TheHouse,
    livemode: Annotated[bool | None, Query(description="The connected mode, if left out.")] = None,
) -> list[StripeObjectType]:
    """Every type the mirror can hold, with how many objects there are."""
    return [_type(shelf) for shelf in await house.library.shelves(caller, livemode=livemode)]


@router.get("/stripeObject/{objectType}", summary="List a type's objects", operation_id="listStripeObjects")
async def list_objects(
    caller: Caller,
    house: TheHouse,
    object_type: ObjectType,
    asked: AskedFor,
    cursor: Annotated[str | None, Query(max_length=1000, description="`nextCursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> StripeObjectPage:
    """Newest first, without the deleted; what others carry, such as items, with the newest of those first. Search and
    filter narrow it together."""
    page = await house.library.list(caller, object_type, asked, cursor=cursor, limit=limit)
    items = [_entity(caller.organisation_id, row) for row in page.items]
    return StripeObjectPage(items=items, nextCursor=page.next_cursor)


@router.get("/stripeObject/{objectType}/{objectId:path}", summary="Get an object", operation_id="getStripeObject")
async def get_object(
    caller: Caller,
    house: TheHouse,
    object_type: ObjectType,
    object_id: Annotated[str, Path(alias="objectId", max_length=500)],
    livemode: Annotated[bool | None, Query(description="The connected mode, if left out.")] = None,
) -> StripeObjectEntity:
    """One object, a deleted one too."""
    return _entity(caller.organisation_id, await house.library.get(caller, object_type, object_id, livemode=livemode))


@router.get(
    "/stripeObjectExport/{objectType}",
    summary="Export a type as a file",
    operation_id="exportStripeObjects",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, streamed: however large it is, nothing is held back or cut off.",
            "content": {
                "text/csv": {"example": "id,livemode,created,amount,amount_major,currency\r\n"},
                "application/x-ndjson": {"example": '{"id": "pi_1Example", "amount": 500, "currency": "jpy"}\n'},
            },
        }
    },
)
async def export_objects(
    caller: Caller,
    house: TheHouse,
    object_type: ObjectType,
    asked: AskedFor,
    format: Annotated[Form, Query(description="csv, or ndjson: the objects as Stripe sent them.")] = "csv",
) -> StreamingResponse:
    """Newest first. In CSV texts that a spreadsheet would run as formulas begin with `'`."""
    pieces = await house.library.export(caller, object_type, format, asked)
    headers = {"Content-Disposition": f'attachment; filename="{object_type}.{format}"'}
    return StreamingResponse(pieces, media_type=MEDIA[format], headers=headers)


def _type(shelf: Shelf) -> StripeObjectType:
    return StripeObjectType(objectType=shelf.object, name=shelf.plural, count=shelf.present, deletedCount=shelf.deleted)


def _entity(organisation_id: str, row: MirrorObject) -> StripeObjectEntity:
    return StripeObjectEntity(
        id=row.id,
        organizationID=organisation_id,
        objectType=row.object,
        livemode=row.livemode,
        accountID=row.account_id,
        customerID=row.customer,
        parentID=row.parent,
        status=row.status,
        deleted=row.deleted,
        creationTime=row.created,
        lastUpdateTime=row.seen,
        stripeObject=row.body,
    )
