"""The receipts of deleted integrations over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Integrations"])
_LINE: dict[str, JsonValue] = {
    "what": "The webhook endpoint was removed.",
    "done": True,
    "count": 1,
    "id": "we_1Example",
    "again": False,
}


class ReceiptLine(BaseModel):
    """One thing done; not `done`: to be done by hand at the partner, or, with `again`, tried for a day."""

    what: str
    done: bool
    count: int | None
    id: str | None = Field(description="of what it is about, at the partner")
    again: bool


class DeletionReceipt(BaseModel):
    """What was done when an integration was deleted; it stays, though the integration is gone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "rcp_01k0example0000000000000000",
                    "partner": "STRIPE",
                    "service": "PAYMENT",
                    "accountId": "acct_1Example",
                    "mode": "test",
                    "time": "2027-01-15T12:00:00Z",
                    "by": "Ada",
                    "lines": [_LINE],
                }
            ]
        }
    )

    id: str
    partner: str
    service: str
    accountId: str  # noqa: N815
    mode: str
    time: datetime
    by: str
    lines: list[ReceiptLine]


@router.get("/deletionReceipt", summary="Receipts of deletions", operation_id="listDeletionReceipts")
async def list_receipts(
    caller: Caller, house: TheHouse, limit: Annotated[int, Query(ge=1, le=1000)] = 20
) -> list[DeletionReceipt]:
    """Newest first."""
    return [
        DeletionReceipt(
            id=receipt.id,
            partner=receipt.partner,
            service=receipt.service,
            accountId=receipt.account_id,
            mode=receipt.mode,
            time=receipt.at,
            by=receipt.by,
            lines=[
                ReceiptLine(what=line.what, done=line.done, count=line.count, id=line.id, again=line.again)
                for line in receipt.lines
            ],
        )
        for receipt in await house.removal.receipts(caller, limit)
    ]
