"""Entitlements over HTTP: list, query, make, rename, extend, cancel; and their terms."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.entitlement_shapes import (
    CreateEntitlement,
    EntitlementEntity,
    EntitlementTermEntity,
    RenameEntitlement,
    ScheduleCancellation,
    UpdateEntitlement,
)
from tillwright.doors.api.lists import ListQuery, ListSlice, QueryPage
from tillwright.kit.errors import Absent, Invalid

router = APIRouter(tags=["Entitlements"])
_PATH = "/entitlement/{entitlementId}"
_META: dict[str, Any] = {"customMetaInfo": {"crm": "8812"}, "internalNote": "Renews by phone"}
Narrowed = Annotated[str | None, Query(max_length=255)]


@router.get("/entitlement", summary="List entitlements", operation_id="listEntitlements")
async def list_entitlements(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    partner: Narrowed = None,
    productId: Narrowed = None,  # noqa: N803
    offerId: Narrowed = None,  # noqa: N803
    buyerId: Narrowed = None,  # noqa: N803
    externalId: Narrowed = None,  # noqa: N803
) -> list[EntitlementEntity]:
    """Newest first. `offerId` is a price, `externalId` what an entitlement follows from, e.g. a subscription."""
    equal = {
        "partner": partner,
        "product_id": productId,
        "offer_id": offerId,
        "buyer_id": buyerId,
        "external_id": externalId,
    }
    found, _ = await house.entitlements.find(
        caller, equal=equal, s="-creation_time", limit=cut.limit, offset=cut.offset
    )
    return [EntitlementEntity.of(entitlement) for entitlement in found]


@router.get("/entitlement/query", summary="Query entitlements", operation_id="queryEntitlements")
async def query_entitlements(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[EntitlementEntity]:
    """Soonest end first, unless sorted otherwise."""
    found, total = await house.entitlements.find(
        caller, q=asked.q, s=asked.s, limit=asked.slice.limit, offset=asked.slice.offset
    )
    return QueryPage[EntitlementEntity].of(asked, [EntitlementEntity.of(e) for e in found], total)


@router.post("/entitlement", summary="Make an entitlement by hand", operation_id="createEntitlement")
async def create_entitlement(caller: Caller, house: TheHouse, body: CreateEntitlement) -> EntitlementEntity:
    """For a customer and a price or product that are in the mirror; Stripe never hears of it."""
    if body.organizationId not in (None, "", caller.organisation_id):
        raise Invalid(
            "organisation_differs", "The body names another organisation than the path.", field="organizationId"
        )
    made = await house.entitlements.create(
        caller,
        buyer_id=body.buyerId,
        price_id=body.offerId,
        product_id=body.productId,
        name=body.name,
        start=body.startDate,
        end=body.endDate,
    )
    return EntitlementEntity.of(made)


@router.get(_PATH, summary="Get an entitlement", operation_id="getEntitlement")
async def get_entitlement(caller: Caller, house: TheHouse, entitlementId: str) -> EntitlementEntity:  # noqa: N803
    """With the id of its present term."""
    entitlement = await house.entitlements.get(caller, entitlementId)
    terms = await house.entitlements.terms(caller, entitlementId)
    return EntitlementEntity.of(entitlement, terms[-1].id if terms else None)


@router.patch(_PATH, summary="Change an entitlement", operation_id="updateEntitlement")
async def update_entitlement(
    caller: Caller,
    house: TheHouse,
    entitlementId: str,  # noqa: N803
    body: Annotated[UpdateEntitlement, Body()],
) -> EntitlementEntity:
    """Its end, and what holds for its notices alone."""
    entitlement, given = await house.entitlements.get(caller, entitlementId), body.model_fields_set
    if given & {"alertDaysBeforeEnd", "endSoonNotification"}:
        days = body.alertDaysBeforeEnd if "alertDaysBeforeEnd" in given else entitlement.notice_days
        on = body.endSoonNotification if "endSoonNotification" in given else entitlement.notices
        entitlement = await house.entitlements.set_notices(caller, entitlementId, on=on, days=days)
    if "endTime" in given:
        entitlement = await house.entitlements.set_end(caller, entitlementId, body.endTime)
    return EntitlementEntity.of(entitlement)


@router.post(
    _PATH + "/scheduleCancellation", summary="Schedule a cancellation", operation_id="scheduleEntitlementCancellation"
)
async def schedule_cancellation(
    caller: Caller,
    house: TheHouse,
    entitlementId: str,  # noqa: N803
    body: ScheduleCancellation,
) -> EntitlementEntity:
    """For a subscription it is written to Stripe, and ends all of its items."""
    scheduled = await house.entitlements.schedule_cancellation(
        caller, entitlementId, when=body.type, date=body.cancelDate, note=body.note
    )
    return EntitlementEntity.of(scheduled)


@router.post(
    _PATH + "/unscheduleCancellation",
    summary="Take a scheduled cancellation back",
    operation_id="unscheduleEntitlementCancellation",
)
async def unschedule_cancellation(caller: Caller, house: TheHouse, entitlementId: str) -> EntitlementEntity:  # noqa: N803
    """It goes on as if nothing had been scheduled."""
    return EntitlementEntity.of(await house.entitlements.unschedule_cancellation(caller, entitlementId))


@router.post(_PATH + "/cancel", summary="Cancel at once", operation_id="cancelEntitlement")
async def cancel_entitlement(caller: Caller, house: TheHouse, entitlementId: str) -> EntitlementEntity:  # noqa: N803
    """It ends now."""
    return EntitlementEntity.of(await house.entitlements.cancel(caller, entitlementId))


@router.patch(_PATH + "/entitlementName", summary="Rename", operation_id="updateEntitlementName")
async def rename(
    caller: Caller,
    house: TheHouse,
    entitlementId: str,  # noqa: N803
    body: RenameEntitlement,
) -> EntitlementEntity:
    """The name then stays, whatever the product is called."""
    return EntitlementEntity.of(await house.entitlements.rename(caller, entitlementId, body.name))


@router.patch(
    _PATH + "/metaInfo",
    summary="Set the meta info",
    operation_id="updateEntitlementMetaInfo",
    responses={200: {"content": {"application/json": {"example": _META}}}},
)
async def set_meta(
    caller: Caller,
    house: TheHouse,
    entitlementId: str,  # noqa: N803
    body: Annotated[dict[str, Any], Body(examples=[_META])],
) -> dict[str, Any]:
    """Replaces what is kept beside it, 20 kB at most; a scheduled cancellation in it stays."""
    # Published clients send every field they know, null where it is not set.
    meta = {name: value for name, value in body.items() if value is not None}
    return (await house.entitlements.set_meta(caller, entitlementId, meta)).meta


@router.get(_PATH + "/entitlementTerm", summary="List its terms", operation_id="listEntitlementTerms")
async def list_terms(caller: Caller, house: TheHouse, entitlementId: str) -> list[EntitlementTermEntity]:  # noqa: N803
    """Oldest first."""
    entitlement = await house.entitlements.get(caller, entitlementId)
    terms = await house.entitlements.terms(caller, entitlementId)
    return [EntitlementTermEntity.of(entitlement, term) for term in terms]


@router.get(_PATH + "/entitlementTerm/{entitlementTermId}", summary="Get a term", operation_id="getEntitlementTerm")
async def get_term(
    caller: Caller,
    house: TheHouse,
    entitlementId: str,  # noqa: N803
    entitlementTermId: str,  # noqa: N803
) -> EntitlementTermEntity:
    """One period."""
    for term in await list_terms(caller, house, entitlementId):
        if term.id == entitlementTermId:
            return term
    raise Absent("term_absent", f"There is no term {entitlementTermId[:60]}.", field="entitlementTermId")
