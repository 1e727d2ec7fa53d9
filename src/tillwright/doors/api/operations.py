"""Runs in the shape of operations, as published clients ask for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.automation import Run, RunState
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.kit.errors import Invalid

router = APIRouter(tags=["Operations"])
_STATUS = {
    RunState.QUEUED: "Running",
    RunState.RUNNING: "Running",
    RunState.WAITING: "Running",
    RunState.DONE: "Completed",
    RunState.SKIPPED: "Completed",
    RunState.FAILED: "Failed",
    RunState.UNKNOWN: "Failed",
    RunState.CANCELLED: "Canceled",
}
_STATES = {
    "Running": (RunState.QUEUED, RunState.RUNNING, RunState.WAITING),
    "Completed": (RunState.DONE, RunState.SKIPPED),
    "Failed": (RunState.FAILED, RunState.UNKNOWN),
    "Canceled": (RunState.CANCELLED,),
}
_EXAMPLE: dict[str, JsonValue] = {
    "id": "run_0123456789abcdefghjkmnpqrstvwxyz",
    "runId": "run_0123456789abcdefghjkmnpqrstvwxyz",
    "name": "thank_you",
    "type": "TemporalWorkflow",
    "status": "Completed",
    "message": "",
    "startTime": "2027-01-15T12:00:00Z",
    "endTime": "2027-01-15T12:00:01Z",
    "memo": {"run": {"state": "DONE", "version": 1, "eventId": "evt_example"}},
    "childWorkflowOperations": [],
}


class OperationEntity(BaseModel):
    """`status`: Running, Completed, Failed or Canceled; `memo.run` has the run's own state."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    runId: str  # noqa: N815
    name: str
    type: str
    status: str
    message: str
    startTime: datetime  # noqa: N815
    endTime: datetime | None  # noqa: N815
    memo: dict[str, dict[str, Any]]
    childWorkflowOperations: list[OperationEntity]  # noqa: N815


class OperationList(BaseModel):
    """`offsetToken` is empty at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operations": [_EXAMPLE], "offsetToken": ""}]})

    operations: list[OperationEntity]
    offsetToken: str  # noqa: N815


class ListOperations(BaseModel):
    """`filter`: `{field: "ExecutionStatus", operator: "=", value: …}`, or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limit": 20, "offsetToken": ""}]})

    filter: dict[str, Any] | None = None
    limit: int | None = Field(default=None, ge=1, le=1000)
    offsetToken: str | None = Field(default=None, max_length=500)  # noqa: N815


class HistoryEvent(BaseModel):
    """One step of a run."""

    eventID: int  # noqa: N815
    eventTime: datetime  # noqa: N815
    eventType: str  # noqa: N815
    taskID: int  # noqa: N815
    version: int
    worker_may_ignore: bool
    attributes: dict[str, Any]


class History(BaseModel):
    """A run's steps in the order they were taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operationHistoryEvent": []}]})

    operationHistoryEvent: list[HistoryEvent]  # noqa: N815


@router.post("/v2/operation/list", summary="List operations", operation_id="listOperationsV2")
async def list_operations(caller: Caller, house: TheHouse, body: ListOperations) -> OperationList:
    """Runs, newest first."""
    wanted = _wanted(body.filter)
    limit, cursor, found = body.limit or 100, body.offsetToken or None, list[Run]()
    while len(found) < limit:
        state = wanted[0] if wanted and len(wanted) == 1 else None
        page = await house.automation.runs(caller, state=state, cursor=cursor, limit=limit - len(found))
        found += [run for run in page.items if wanted is None or run.state in wanted]
        cursor = page.next_cursor
        if cursor is None:
            break
    return OperationList(operations=[_operation(run) for run in found], offsetToken=cursor or "")


@router.get("/v2/operation/{operationId}", summary="Get an operation", operation_id="getOperationV2")
async def get_operation(caller: Caller, house: TheHouse, operationId: str) -> OperationEntity:  # noqa: N803
    """One run."""
    return _operation((await house.automation.timeline(caller, operationId)).run)


@router.get(
    "/v2/operation/{operationId}/history", summary="List an operation's history", operation_id="listOperationHistoryV2"
)
async def history(caller: Caller, house: TheHouse, operationId: str) -> History:  # noqa: N803
    """Its steps."""
    found = await house.automation.timeline(caller, operationId)
    return History(
        operationHistoryEvent=[
            HistoryEvent(
                eventID=number,
                eventTime=step.finished or step.started,
                eventType=f"Step{step.state.capitalize()}",
                taskID=number,
                version=found.run.version,
                worker_may_ignore=False,
                attributes={
                    "step": step.step, "attempt": step.attempt, "action": step.action, "request": step.request,
                    "error": step.error,
                },
            )
            for number, step in enumerate(found.steps, 1)
        ]
    )  # fmt: skip


def _wanted(given: dict[str, Any] | None) -> tuple[RunState, ...] | None:
    """The states a filter asks for; None for all.

    Raises:
        Invalid: it asks for what runs don't have.
    """
    if not given:
        return None
    value: Any = given.get("value")
    value = next(iter(value.values()), None) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if given.get("field") == "ExecutionStatus" and given.get("operator") == "=" and value in _STATES:
        return _STATES[str(value)]
    raise Invalid(
        "filter_unknown",
        "Operations can be filtered by ExecutionStatus only.",
        field="filter",
        remedy=f"{{field: ExecutionStatus, operator: =, value: {{v: …}}}} with one of {', '.join(_STATES)}.",
    )


def _operation(run: Run) -> OperationEntity:
    memo = {"state": str(run.state), "version": run.version, "eventId": run.trigger.stripe_event_id}
    return OperationEntity(
        id=run.id,
        runId=run.id,
        name=run.workflow_name,
        type="TemporalWorkflow",
        status=_STATUS[run.state],
        message=run.reason or "",
        startTime=run.started or run.created,
        endTime=run.finished,
        memo={"run": memo},
        childWorkflowOperations=[],
    )
