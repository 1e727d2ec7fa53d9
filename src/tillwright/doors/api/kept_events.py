"""Events that came while a workflow was paused: listed, replayed, let go."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.automation.kept_store import KeptEvent
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Workflows"])
_EXAMPLE: dict[str, JsonValue] = {
    "eventId": "evt_example",
    "eventType": "invoice.paid",
    "objectId": "in_example",
    "livemode": False,
    "runId": "run_0123456789abcdefghjkmnpqrstvwxyz",
    "creationTime": "2027-01-15T12:00:00Z",
}


class KeptEventEntity(BaseModel):
    """`runId` is the run that a replay starts; `creationTime` is when the event was kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    eventId: str  # noqa: N815
    eventType: str  # noqa: N815
    objectId: str | None  # noqa: N815
    livemode: bool
    runId: str  # noqa: N815
    creationTime: datetime  # noqa: N815


class KeptEventList(BaseModel):
    """`nextCursor` is null at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "nextCursor": None}]})

    items: list[KeptEventEntity]
    nextCursor: str | None  # noqa: N815


class WhichEvents(BaseModel):
    """`eventIds`: only these; left out, all that are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"eventIds": ["evt_example"]}]})

    eventIds: list[str] | None = Field(default=None, max_length=1000)  # noqa: N815


class HowMany(BaseModel):
    """How many events it was done to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"count": 1}]})

    count: int


@router.get("/workflow/{workflowId}/keptEvent", summary="List kept events", operation_id="listKeptEvents")
async def list_kept(
    caller: Caller,
    house: TheHouse,
    workflowId: str,  # noqa: N803
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> KeptEventList:
    """What would have started a run while the workflow was paused, in the order it came."""
    page = await house.automation.kept.list(caller, workflowId, cursor=cursor, limit=limit)
    return KeptEventList(items=[_entity(one) for one in page.items], nextCursor=page.next_cursor)


@router.post("/workflow/{workflowId}/replay", summary="Replay kept events", operation_id="replayKeptEvents")
async def replay(caller: Caller, house: TheHouse, workflowId: str, body: WhichEvents) -> HowMany:  # noqa: N803
    """Start a run for each, once, of the version in force. The workflow must be active."""
    return HowMany(count=await house.automation.kept.replay(caller, workflowId, body.eventIds))


@router.post("/workflow/{workflowId}/discard", summary="Discard kept events", operation_id="discardKeptEvents")
async def discard(caller: Caller, house: TheHouse, workflowId: str, body: WhichEvents) -> HowMany:  # noqa: N803
    """Let them go: they start nothing any more."""
    return HowMany(count=await house.automation.kept.discard(caller, workflowId, body.eventIds))


def _entity(one: KeptEvent) -> KeptEventEntity:
    return KeptEventEntity(
        eventId=one.trigger.stripe_event_id,
        eventType=one.trigger.stripe_event_type,
        objectId=one.trigger.object_id,
        livemode=one.trigger.livemode,
        runId=one.run_id,
        creationTime=one.created,
    )
