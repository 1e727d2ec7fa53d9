"""Runs of workflows: what they did, and steering them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.automation import Run, RunState, RunStep
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListQuery, QueryPage

router = APIRouter(tags=["Workflow runs"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "run_0123456789abcdefghjkmnpqrstvwxyz",
    "workflowId": "wfl_01k0example0000000000000000",
    "workflowName": "thank_you",
    "version": 1,
    "status": "DONE",
    "reason": None,
    "waitsFor": None,
    "livemode": False,
    "eventId": "evt_example",
    "eventType": "invoice.paid",
    "objectId": "in_example",
    "parentRunId": None,
    "creationTime": "2027-01-15T12:00:00Z",
    "startTime": "2027-01-15T12:00:00Z",
    "endTime": "2027-01-15T12:00:01Z",
}


class RunEntity(BaseModel):
    """`status`: QUEUED, RUNNING, WAITING, DONE, SKIPPED, FAILED, UNKNOWN or CANCELLED; `reason` says why."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    workflowId: str  # noqa: N815
    workflowName: str  # noqa: N815
    version: int
    status: str
    reason: str | None
    waitsFor: str | None  # noqa: N815
    livemode: bool
    eventId: str  # noqa: N815
    eventType: str  # noqa: N815
    objectId: str | None  # noqa: N815
    parentRunId: str | None  # noqa: N815
    creationTime: datetime  # noqa: N815
    startTime: datetime | None  # noqa: N815
    endTime: datetime | None  # noqa: N815


class StepEntity(BaseModel):
    """One step as it was taken; `idempotencyKey` is what Stripe was sent."""

    step: str
    attempt: int
    action: str
    status: str
    request: dict[str, Any] | None
    answer: dict[str, Any] | None
    error: dict[str, Any] | None
    idempotencyKey: str | None  # noqa: N815
    startTime: datetime  # noqa: N815
    endTime: datetime | None  # noqa: N815


class RunWithSteps(RunEntity):
    """A run with its steps in the order they were taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "steps": []}]})

    steps: list[StepEntity]


class RunList(BaseModel):
    """`nextCursor` is null at the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "nextCursor": None}]})

    items: list[RunEntity]
    nextCursor: str | None  # noqa: N815


class RetryRun(BaseModel):
    """`fromStep`: left out, the step it ended at."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fromStep": "note"}]})

    fromStep: str | None = Field(default=None, max_length=200)  # noqa: N815


class DeclareStep(BaseModel):
    """`objectId`: what the write made, for later steps to read; only where it was done."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"step": "refund", "done": True, "objectId": "re_example", "note": "Seen."}]}
    )

    step: str = Field(max_length=200)
    done: bool
    objectId: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_\-]{1,255}$")  # noqa: N815
    note: str | None = Field(default=None, max_length=1000)


@router.get("/workflowRun", summary="List runs", operation_id="listWorkflowRuns")
async def list_runs(
    caller: Caller,
    house: TheHouse,
    workflow_id: Annotated[str | None, Query(alias="workflowId", max_length=63)] = None,
    status: RunState | None = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> RunList:
    """Newest first."""
    page = await house.automation.runs(caller, workflow_id=workflow_id, state=status, cursor=cursor, limit=limit)
    return RunList(items=[run_entity(run) for run in page.items], nextCursor=page.next_cursor)


@router.get("/workflowRun/query", summary="Query runs", operation_id="queryWorkflowRuns")
async def query_runs(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[RunEntity]:
    """Newest first, unless sorted otherwise. Columns: id, workflow_id, workflow_name, status, version, reason,
    waits_for, livemode, event_id, event_type, object_id, parent_run_id, creation_time, start_time, end_time."""
    found, total = await house.automation.finding.runs(
        caller, q=asked.q, s=asked.s, limit=asked.slice.limit, offset=asked.slice.offset
    )
    return QueryPage[RunEntity].of(asked, [run_entity(one) for one in found], total)


@router.get("/workflowRun/{runId}", summary="Get a run", operation_id="getWorkflowRun")
async def get_run(caller: Caller, house: TheHouse, runId: str) -> RunWithSteps:  # noqa: N803
    """With each step's request, answer, key and times."""
    found = await house.automation.timeline(caller, runId)
    return RunWithSteps(**run_entity(found.run).model_dump(), steps=[_step(step) for step in found.steps])


@router.post("/workflowRun/{runId}/cancel", summary="Cancel a run", operation_id="cancelWorkflowRun")
async def cancel(caller: Caller, house: TheHouse, runId: str) -> RunEntity:  # noqa: N803
    """No further step is taken; what was sent stays."""
    return run_entity(await house.automation.steering.cancel(caller, runId))


@router.post("/workflowRun/{runId}/retry", summary="Let a run go on", operation_id="retryWorkflowRun")
async def retry(caller: Caller, house: TheHouse, runId: str, body: RetryRun) -> RunEntity:  # noqa: N803
    """One that ended FAILED, UNKNOWN or CANCELLED. What is done stays done; what is in doubt is looked for first."""
    return run_entity(await house.automation.steering.retry(caller, runId, from_step=body.fromStep))


@router.post("/workflowRun/{runId}/declare", summary="Declare a step done or not done", operation_id="declareStep")
async def declare(caller: Caller, house: TheHouse, runId: str, body: DeclareStep) -> RunEntity:  # noqa: N803
    """One whose outcome is UNKNOWN, after a look at Stripe. Not done, it is sent anew, under a new key."""
    return run_entity(
        await house.automation.doubts.declare(
            caller, runId, body.step, done=body.done, object_id=body.objectId, note=body.note
        )
    )


def run_entity(run: Run) -> RunEntity:
    return RunEntity(
        id=run.id,
        workflowId=run.workflow_id,
        workflowName=run.workflow_name,
        version=run.version,
        status=run.state,
        reason=run.reason,
        waitsFor=run.waits_for,
        livemode=run.livemode,
        eventId=run.trigger.stripe_event_id,
        eventType=run.trigger.stripe_event_type,
        objectId=run.trigger.object_id,
        parentRunId=run.parent,
        creationTime=run.created,
        startTime=run.started,
        endTime=run.finished,
    )


def _step(step: RunStep) -> StepEntity:
    return StepEntity(
        step=step.step,
        attempt=step.attempt,
        action=step.action,
        status=step.state,
        request=dict(step.request) if step.request is not None else None,
        answer=dict(step.answer) if step.answer is not None else None,
        error=dict(step.error) if step.error is not None else None,
        idempotencyKey=step.idempotency_key,
        startTime=step.started,
        endTime=step.finished,
    )
