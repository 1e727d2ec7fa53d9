"""Tokens spent in the chat, in the shape that published clients know."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from tillwright.domains.assistant.chat import Spent
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.kit.errors import Invalid

router = APIRouter(tags=["Assistant"])
_RECORD: dict[str, JsonValue] = {
    "hourBucket": "2027-01-15T12:00:00Z",
    "userId": "usr_01k0example0000000000000000",
    "provider": "api.openai.com",
    "model": "gpt-example",
    "inputTokens": 5200,
    "outputTokens": 340,
    "requestCount": 3,
    "isByok": True,
}
_EXAMPLE: dict[str, JsonValue] = {
    "startTime": "2027-01-01T00:00:00Z",
    "endTime": "2027-02-01T00:00:00Z",
    "limit": 1000,
    "offset": 0,
    "totalCount": 1,
    "hasMore": False,
    "records": [_RECORD],
}


class AiUsageRecord(BaseModel):
    """One hour of one user with one model. The key is always the organisation's own; what it costs is its provider's
    to say."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RECORD]})

    hourBucket: datetime  # noqa: N815
    userId: str  # noqa: N815
    provider: str
    model: str
    inputTokens: int  # noqa: N815
    outputTokens: int  # noqa: N815
    requestCount: int  # noqa: N815
    isByok: bool = True  # noqa: N815


class AiUsage(BaseModel):
    """The records of a time, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    startTime: datetime  # noqa: N815
    endTime: datetime  # noqa: N815
    limit: int
    offset: int
    totalCount: int  # noqa: N815
    hasMore: bool  # noqa: N815
    records: list[AiUsageRecord]


@router.get("/ai-usage", summary="Get the tokens spent", operation_id="getAiUsage")
async def get_ai_usage(
    caller: Caller,
    house: TheHouse,
    startTime: Annotated[AwareDatetime | None, Query(description="30 days ago without it.")] = None,  # noqa: N803
    endTime: Annotated[AwareDatetime | None, Query(description="Now without it; exclusive.")] = None,  # noqa: N803
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> AiUsage:
    """By hour, user and model."""
    until = endTime or house.clock.now() + timedelta(seconds=1)
    since = startTime or until - timedelta(days=30)
    if since > until:
        raise Invalid("time_backwards", "startTime is after endTime.", field="startTime", remedy="Swap the two.")
    found = await house.chat.spent(caller, since, until)
    return AiUsage(
        startTime=since,
        endTime=until,
        limit=limit,
        offset=offset,
        totalCount=len(found),
        hasMore=offset + limit < len(found),
        records=[_record(each) for each in found[offset : offset + limit]],
    )


def _record(spent: Spent) -> AiUsageRecord:
    return AiUsageRecord(
        hourBucket=spent.hour,
        userId=spent.user_id,
        provider=spent.provider,
        model=spent.model,
        inputTokens=spent.read,
        outputTokens=spent.written,
        requestCount=spent.count,
    )
