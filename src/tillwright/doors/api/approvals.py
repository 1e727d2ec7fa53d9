"""Approvals, the stop switch and the organisation's limits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.automation.model import Approval, ApprovalState
from tillwright.domains.tenancy import Principal
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListQuery, QueryPage
from tillwright.wiring import House

router = APIRouter(tags=["Approvals and limits"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "apr_0123456789abcdefghjkmnpqrstvwxyz",
    "runId": "run_0123456789abcdefghjkmnpqrstvwxyz",
    "workflowId": "wfl_01k0example0000000000000000",
    "workflowName": "refunds",
    "step": "refund",
    "status": "PENDING",
    "question": "Refund 29.00 EUR?",
    "request": {"kind": "stripe", "method": "POST", "path": "/v1/refunds", "params": {"charge": "ch_example"}},
    "payloadHash": "0" * 64,
    "amount": 2900,
    "currency": "eur",
    "role": "EDITOR",
    "livemode": False,
    "expiryTime": "2027-01-18T12:00:00Z",
    "creationTime": "2027-01-15T12:00:00Z",
    "decisionTime": None,
    "decidedBy": None,
    "note": None,
}


class ApprovalEntity(BaseModel):
    """`status`: PENDING, APPROVED, REFUSED, EXPIRED or SUPERSEDED. `amount` in minor units."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    runId: str  # noqa: N815
    workflowId: str  # noqa: N815
    workflowName: str  # noqa: N815
    step: str
    status: str
    question: str
    request: dict[str, Any]
    payloadHash: str  # noqa: N815
    amount: int | None
    currency: str | None
    role: str
    livemode: bool
    expiryTime: datetime  # noqa: N815
    creationTime: datetime  # noqa: N815
    decisionTime: datetime | None  # noqa: N815
    decidedBy: str | None  # noqa: N815
    note: str | None


class ApprovalList(BaseModel):
    """`nextCursor` is null at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "nextCursor": None}]})

    items: list[ApprovalEntity]
    nextCursor: str | None  # noqa: N815


class Decide(BaseModel):
    """`payloadHash` as it was shown: a yes to anything else is refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"payloadHash": "0" * 64, "note": "Fine."}]})

    payloadHash: str = Field(min_length=64, max_length=64)  # noqa: N815
    note: str | None = Field(default=None, max_length=1000)


class AutomationEntity(BaseModel):
    """The stop switch, and what all workflows together may do in a day (amounts in minor units by currency)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stopped": False,
                    "stoppedBy": None,
                    "stopTime": None,
                    "limits": {"amount_per_day": {"eur": 50000}, "writes_per_day": 1000},
                }
            ]
        }
    )

    stopped: bool
    stoppedBy: str | None  # noqa: N815
    stopTime: datetime | None  # noqa: N815
    limits: dict[str, Any]


class UpdateAutomation(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stopped": True}]})

    stopped: bool | None = None
    limits: dict[str, Any] | None = None


@router.get("/approval", summary="List approvals", operation_id="listApprovals")
async def list_approvals(
    caller: Caller,
    house: TheHouse,
    status: ApprovalState | None = None,
    run_id: Annotated[str | None, Query(alias="runId", max_length=36)] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> ApprovalList:
    """Newest first."""
    page = await house.automation.approvals.list(caller, state=status, run_id=run_id, cursor=cursor, limit=limit)
    return ApprovalList(items=[_entity(one) for one in page.items], nextCursor=page.next_cursor)


@router.get("/approval/query", summary="Query approvals", operation_id="queryApprovals")
async def query_approvals(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[ApprovalEntity]:
    """Newest first, unless sorted otherwise. Columns: id, run_id, workflow_id, workflow_name, step, status, role,
    amount, currency, livemode, decided_by, expiry_time, creation_time, decision_time."""
    found, total = await house.automation.finding.approvals(
        caller, q=asked.q, s=asked.s, limit=asked.slice.limit, offset=asked.slice.offset
    )
    return QueryPage[ApprovalEntity].of(asked, [_entity(one) for one in found], total)


@router.get("/approval/{approvalId}", summary="Get an approval", operation_id="getApproval")
async def get_approval(caller: Caller, house: TheHouse, approvalId: str) -> ApprovalEntity:  # noqa: N803
    """With exactly what would be sent."""
    return _entity(await house.automation.approvals.get(caller, approvalId))


@router.post("/approval/{approvalId}/approve", summary="Approve", operation_id="approve")
async def approve(caller: Caller, house: TheHouse, approvalId: str, body: Decide) -> ApprovalEntity:  # noqa: N803
    """For exactly this payload; the run goes on at once."""
    return await _decide(caller, house, approvalId, body, yes=True)


@router.post("/approval/{approvalId}/refuse", summary="Refuse", operation_id="refuse")
async def refuse(caller: Caller, house: TheHouse, approvalId: str, body: Decide) -> ApprovalEntity:  # noqa: N803
    """The run is cancelled."""
    return await _decide(caller, house, approvalId, body, yes=False)


@router.get("/automation", summary="The stop switch and limits", operation_id="getAutomation")
async def get_automation(caller: Caller, house: TheHouse) -> AutomationEntity:
    """As they stand."""
    state = await house.automation.stop_switch.state(caller)
    caps = await house.automation.stop_switch.caps(caller)
    return AutomationEntity(
        stopped=state.stopped, stoppedBy=state.stopped_by, stopTime=state.stopped_at, limits=dict(caps)
    )


@router.patch("/automation", summary="Stop, release, limit", operation_id="updateAutomation")
async def update_automation(caller: Caller, house: TheHouse, body: UpdateAutomation) -> AutomationEntity:
    """Stopping holds from the moment this answers."""
    if body.stopped is True:
        await house.automation.stop_switch.stop(caller)
    if body.limits is not None:
        await house.automation.stop_switch.set_caps(caller, body.limits)
    if body.stopped is False:
        await house.automation.stop_switch.release(caller)
    return await get_automation(caller, house)


async def _decide(caller: Principal, house: House, approval_id: str, body: Decide, *, yes: bool) -> ApprovalEntity:
    return _entity(
        await house.automation.approvals.decide(
            caller, approval_id, approve=yes, payload_hash=body.payloadHash, note=body.note
        )
    )


def _entity(approval: Approval) -> ApprovalEntity:
    return ApprovalEntity(
        id=approval.id,
        runId=approval.run_id,
        workflowId=approval.workflow_id,
        workflowName=approval.workflow_name,
        step=approval.step,
        status=approval.state,
        question=approval.question,
        request=dict(approval.request),
        payloadHash=approval.payload_hash,
        amount=approval.amount,
        currency=approval.currency,
        role=approval.role,
        livemode=approval.livemode,
        expiryTime=approval.due,
        creationTime=approval.created,
        decisionTime=approval.decided,
        decidedBy=approval.decided_by,
        note=approval.note,
    )
