"""Stripe's events as they were received, over HTTP: searched, and one by one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.webhooks import StripeEvent
from tillwright.domains.webhooks.archive import Asked
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Stripe events"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "evt_1Example",
    "organizationID": "org_01k0example0000000000000000",
    "eventType": "invoice.paid",
    "objectType": "invoice",
    "objectID": "in_1Example",
    "livemode": False,
    "accountID": "acct_1Example",
    "apiVersion": "2026-08-26.dahlia",
    "outcome": "WRITTEN",
    "failures": 0,
    "error": None,
    "creationTime": "2027-01-15T12:00:00Z",
    "receivedTime": "2027-01-15T12:00:01Z",
    "appliedTime": "2027-01-15T12:00:01Z",
    "stripeEvent": {"id": "evt_1Example", "object": "event", "type": "invoice.paid", "created": 1800014400},
}


class StripeEventEntity(BaseModel):
    """`stripeEvent` is the event as Stripe sent it. `outcome` is what it did to the mirror: WRITTEN, KEPT (what was
    there was as new), ASKED (the object was fetched again), WRITTEN_AND_ASKED, NOTHING; null until it was applied.
    `creationTime` is when it happened, `receivedTime` when it came."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organizationID: str  # noqa: N815
    eventType: str  # noqa: N815
    objectType: str | None  # noqa: N815
    objectID: str | None  # noqa: N815
    livemode: bool
    accountID: str | None  # noqa: N815
    apiVersion: str | None  # noqa: N815
    outcome: str | None
    failures: int
    error: str | None
    creationTime: datetime  # noqa: N815
    receivedTime: datetime  # noqa: N815
    appliedTime: datetime | None  # noqa: N815
    stripeEvent: dict[str, Any]  # noqa: N815


class StripeEventPage(BaseModel):
    """`nextCursor` is null at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "nextCursor": None}]})

    items: list[StripeEventEntity]
    nextCursor: str | None  # noqa: N815


def _asked(
    event_type: Annotated[
        str | None, Query(alias="eventType", max_length=200, description="May hold `*`, as in `invoice.*`.")
    ] = None,
    object_id: Annotated[
        str | None,
        Query(
            alias="objectID",
            max_length=255,
            description="Only events about this object; of a customer, about what belongs to it too.",
        ),
    ] = None,
    since: Annotated[datetime | None, Query(description="When they happened, at the earliest.")] = None,
    until: Annotated[datetime | None, Query(description="Before which time they happened.")] = None,
    livemode: Annotated[bool | None, Query(description="The connected mode, if left out.")] = None,
) -> Asked:
    return Asked(event_type, object_id, since, until, livemode)


@router.get("/stripeEvent", summary="List Stripe's events", operation_id="listStripeEvents")
async def list_events(
    caller: Caller,
    house: TheHouse,
    asked: Annotated[Asked, Depends(_asked)],
    cursor: Annotated[str | None, Query(max_length=1000, description="`nextCursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> StripeEventPage:
    """As they were received and are kept, the newest arrival first; with `since` or `until` by when they happened."""
    page = await house.webhooks.archive.list(caller, asked, cursor=cursor, limit=limit)
    items = [_entity(caller.organisation_id, event) for event in page.items]
    return StripeEventPage(items=items, nextCursor=page.next_cursor)


@router.get("/stripeEvent/{stripeEventId}", summary="Get an event of Stripe's", operation_id="getStripeEvent")
async def get_event(caller: Caller, house: TheHouse, stripeEventId: str) -> StripeEventEntity:  # noqa: N803
    """One event, of either mode."""
    return _entity(caller.organisation_id, await house.webhooks.archive.get(caller, stripeEventId))


def _entity(organisation_id: str, event: StripeEvent) -> StripeEventEntity:
    return StripeEventEntity(
        id=event.id,
        organizationID=organisation_id,
        eventType=event.type,
        objectType=event.object_type,
        objectID=event.object_id,
        livemode=event.livemode,
        accountID=event.account_id,
        apiVersion=event.api_version,
        outcome=event.outcome,
        failures=event.failures,
        error=event.error,
        creationTime=event.created,
        receivedTime=event.received,
        appliedTime=event.applied,
        stripeEvent=orjson.loads(event.raw),
    )
