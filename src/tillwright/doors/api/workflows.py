"""Workflows, their versions, and starting them."""

from __future__ import annotations

from datetime import datetime
from difflib import unified_diff
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel

from tillwright.domains.automation import Workflow, WorkflowState, WorkflowVersion, definition
from tillwright.domains.automation.backtest import Report
from tillwright.domains.automation.schema import definition_schema
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListQuery, QueryPage
from tillwright.doors.api.workflow_runs import RunEntity, run_entity
from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid

router = APIRouter(tags=["Workflows"])
_SOURCE = (
    "name: thank_you\ntrigger: {stripe_event: invoice.paid}\nsteps:\n"
    "  - {id: note, action: update_customer, with: {customer: '${object.customer}', description: Pays.}}\n"
)
_EXAMPLE: dict[str, JsonValue] = {
    "id": "wfl_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "name": "thank_you",
    "description": "",
    "status": "ACTIVE",
    "trigger": "invoice.paid",
    "version": 1,
    "lastUpdatedBy": "Ada",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
}


class WorkflowEntity(BaseModel):
    """`status` is ACTIVE or PAUSED; `version` is the number of the text that new runs get."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organizationID: str  # noqa: N815
    name: str
    description: str
    status: str
    trigger: str
    version: int
    lastUpdatedBy: str  # noqa: N815
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815


class SaveWorkflow(BaseModel):
    """`source` is a definition as YAML or JSON; the same text again changes nothing.

    `override` activates in live mode what moves money and was never tried against stored events.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": _SOURCE, "activate": False}]})

    source: str = Field(max_length=70_000)
    activate: bool | None = None
    override: bool = False


class UpdateWorkflow(BaseModel):
    """What is left out stays; `source` is the next version of this workflow, under its own name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "PAUSED"}]})

    source: str | None = Field(default=None, max_length=70_000)
    status: WorkflowState | None = None
    override: bool = False


class Activate(BaseModel):
    """`version`: go back, or forward, to this one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, "override": False}]})

    version: int | None = Field(default=None, ge=1)
    override: bool = False


class StartRun(BaseModel):
    """`objectId` where the workflow's trigger names a kind of Stripe object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inputs": {}, "objectId": "cus_example"}]})

    inputs: dict[str, Any] = {}
    objectId: str | None = Field(default=None, max_length=255)  # noqa: N815


class TryWorkflow(BaseModel):
    """The draft, and how many days of stored events it is tried against."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": _SOURCE, "days": 7, "livemode": False}]})

    source: str = Field(max_length=70_000)
    days: int = Field(default=7, ge=1, le=90)
    livemode: bool = False


class TryEvent(BaseModel):
    """The draft, and what it is tried with: one thing that happened, or what would be given at a start.

    `eventId`: of a stored event of Stripe's, of an event of ours, or of a time; a back-test's `runs` name theirs.
    `inputs` instead: those of its `manual` or `api` trigger, with `objectId` where that names a kind of Stripe object;
    with `trigger: webhook`, the body of a delivery.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": _SOURCE, "eventId": "evt_example"}]})

    source: str = Field(max_length=70_000)
    eventId: str | None = Field(default=None, max_length=255)  # noqa: N815
    inputs: dict[str, Any] | None = None
    objectId: str | None = Field(default=None, max_length=255)  # noqa: N815
    trigger: Literal["manual", "api", "webhook"] | None = None
    livemode: bool = False


class BacktestReport(BaseModel):
    """`moved`: sums in minor units by kind and currency; `requests`: how often each; `runs`: what each would send.

    `cut`: more would start than are shown, or more events are stored than were read. `untried`: which of its starts
    can't be looked back at, in sentences.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "bkt_01k0example0000000000000000",
                    "livemode": False,
                    "days": 7,
                    "events": 120,
                    "matched": 1,
                    "cut": False,
                    "moved": {"refund": {"eur": 2900}},
                    "unknownAmounts": 0,
                    "requests": {"POST /v1/refunds": 1},
                    "untried": [],
                    "runs": [],
                }
            ]
        }
    )

    id: str
    livemode: bool
    days: int
    events: int
    matched: int
    cut: bool
    moved: dict[str, dict[str, int]]
    unknownAmounts: int  # noqa: N815
    requests: dict[str, int]
    untried: list[str]
    runs: list[dict[str, Any]]


class DefinitionSchema(RootModel[dict[str, Any]]):
    """JSON Schema 2020-12."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Tillwright workflow", "type": "object"}]})


class VersionEntity(BaseModel):
    """One frozen text; `diff` is unified, against the version before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "wfv_01k0example0000000000000000",
                    "workflowId": "wfl_01k0example0000000000000000",
                    "number": 1,
                    "source": _SOURCE,
                    "diff": "",
                    "createdBy": "Ada",
                    "creationTime": "2027-01-15T12:00:00Z",
                }
            ]
        }
    )

    id: str
    workflowId: str  # noqa: N815
    number: int
    source: str
    diff: str
    createdBy: str  # noqa: N815
    creationTime: datetime  # noqa: N815


@router.get("/workflow", summary="List workflows", operation_id="listWorkflows")
async def list_workflows(caller: Caller, house: TheHouse) -> list[WorkflowEntity]:
    """All of the organisation's, by name."""
    return [_entity(workflow) for workflow in await house.automation.list(caller)]


@router.get("/workflow/query", summary="Query workflows", operation_id="queryWorkflows")
async def query_workflows(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[WorkflowEntity]:
    """Newest first, unless sorted otherwise. Columns: id, name, description, trigger, status, version,
    last_updated_by, creation_time, last_update_time."""
    found, total = await house.automation.finding.workflows(
        caller, q=asked.q, s=asked.s, limit=asked.slice.limit, offset=asked.slice.offset
    )
    return QueryPage[WorkflowEntity].of(asked, [_entity(one) for one in found], total)


@router.post("/workflow", summary="Save a workflow", operation_id="saveWorkflow")
async def save_workflow(caller: Caller, house: TheHouse, body: SaveWorkflow) -> WorkflowEntity:
    """Save a text as the next version of the workflow it names. Every complaint about it comes at once."""
    return _entity(await house.automation.save(caller, body.source, activate=body.activate, override=body.override))


@router.get("/workflow/schema", summary="The JSON Schema of a definition", operation_id="getWorkflowSchema")
async def get_schema(caller: Caller) -> DefinitionSchema:
    """For editors: completes names of events, actions and their inputs."""
    caller.require("workflow:read")
    return DefinitionSchema(definition_schema())


@router.post("/workflow/backtest", summary="Back-test a draft", operation_id="backtestWorkflow")
async def backtest(caller: Caller, house: TheHouse, body: TryWorkflow) -> BacktestReport:
    """Which runs it would have started, and exactly what each would have sent. Nothing is sent or changed."""
    return _report(await house.automation.backtest.run(caller, body.source, days=body.days, livemode=body.livemode))


@router.post("/workflow/test", summary="Try a draft with one start", operation_id="testWorkflow")
async def test(caller: Caller, house: TheHouse, body: TryEvent) -> BacktestReport:
    """What the run of one event, or of given inputs, would send. `matched` is 0 if none would start; none is."""
    backtest = house.automation.backtest
    if (body.eventId is None) is (body.inputs is None):
        raise Invalid("start_ambiguous", "It is tried with one start.", field="eventId",
                      remedy="Give either eventId or inputs.")  # fmt: skip
    if body.eventId is not None:
        return _report(await backtest.with_event(caller, body.source, body.eventId))
    return _report(
        await backtest.with_given(
            caller, body.source, body.inputs or {}, kind=body.trigger, object_id=body.objectId, livemode=body.livemode
        )
    )


@router.get("/workflow/{workflowId}", summary="Get a workflow", operation_id="getWorkflow")
async def get_workflow(caller: Caller, house: TheHouse, workflowId: str) -> WorkflowEntity:  # noqa: N803
    """By its id or its name."""
    return _entity(await house.automation.get(caller, workflowId))


@router.patch("/workflow/{workflowId}", summary="Update a workflow", operation_id="updateWorkflow")
async def update_workflow(caller: Caller, house: TheHouse, workflowId: str, body: UpdateWorkflow) -> WorkflowEntity:  # noqa: N803
    """Another text, another status, or both at once."""
    found = await house.automation.get(caller, workflowId)
    if body.source is not None:
        if (name := definition.parse(body.source).name) != found.name:
            raise Invalid(
                "name_differs", f"This text is of {name}, not of {found.name}.", field="source",
                remedy="Leave the name as it is; save another workflow by POST.",
            )  # fmt: skip
        activate = None if body.status is None else body.status is WorkflowState.ACTIVE
        return _entity(await house.automation.save(caller, body.source, activate=activate, override=body.override))
    if body.status is WorkflowState.ACTIVE:
        return _entity(await house.automation.activate(caller, found.id, override=body.override))
    if body.status is WorkflowState.PAUSED:
        return _entity(await house.automation.pause(caller, found.id))
    return _entity(found)


@router.delete("/workflow/{workflowId}", summary="Delete a workflow", operation_id="deleteWorkflow")
async def delete_workflow(caller: Caller, house: TheHouse, workflowId: str) -> Literal[""]:  # noqa: N803
    """With its versions and the record of its runs."""
    await house.automation.delete(caller, workflowId)
    return ""


@router.post("/workflow/{workflowId}/activate", summary="Activate", operation_id="activateWorkflow")
async def activate(caller: Caller, house: TheHouse, workflowId: str, body: Activate) -> WorkflowEntity:  # noqa: N803
    """Let it start runs, of another version if one is given. What runs already stays on its own version."""
    found = await house.automation.get(caller, workflowId)
    return _entity(await house.automation.activate(caller, found.id, version=body.version, override=body.override))


@router.post("/workflow/{workflowId}/pause", summary="Pause", operation_id="pauseWorkflow")
async def pause(caller: Caller, house: TheHouse, workflowId: str) -> WorkflowEntity:  # noqa: N803
    """Start no further runs; those under way take no further step until it is active again."""
    return _entity(await house.automation.pause(caller, (await house.automation.get(caller, workflowId)).id))


@router.post("/workflow/{workflowId}/run", summary="Start a run", operation_id="startWorkflowRun")
async def start(
    caller: Caller,
    house: TheHouse,
    workflowId: str,  # noqa: N803
    body: StartRun,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> RunEntity:
    """Of a workflow with an `api` or `manual` trigger. The same `Idempotency-Key` again gives the same run."""
    return run_entity(
        await house.automation.steering.start(
            caller, workflowId, body.inputs, object_id=body.objectId, kind="api", key=idempotency_key
        )
    )


@router.get("/workflowVersion", summary="List a workflow's versions", operation_id="listWorkflowVersions")
async def list_versions(
    caller: Caller, house: TheHouse, workflow_id: Annotated[str, Query(alias="workflowId", max_length=63)]
) -> list[VersionEntity]:
    """Newest first, each with its difference to the one before."""
    found = await house.automation.versions(caller, workflow_id)
    return [_version(one, before) for one, before in zip(found, [*found[1:], None], strict=True)]


@router.get("/workflowVersion/{versionId}", summary="Get a version", operation_id="getWorkflowVersion")
async def get_version(caller: Caller, house: TheHouse, versionId: str) -> VersionEntity:  # noqa: N803
    """One frozen text, with its difference to the one before."""
    wanted = await house.automation.version(caller, versionId)
    found = await house.automation.versions(caller, wanted.workflow_id)
    before = next((one for one in found if one.number == wanted.number - 1), None)
    return _version(wanted, before)


def _entity(workflow: Workflow) -> WorkflowEntity:
    return WorkflowEntity(
        id=workflow.id,
        organizationID=workflow.organisation_id,
        name=workflow.name,
        description=workflow.description,
        status=workflow.state,
        trigger=workflow.trigger,
        version=workflow.version,
        lastUpdatedBy=workflow.updated_by,
        creationTime=workflow.created,
        lastUpdateTime=workflow.updated,
    )


def _version(version: WorkflowVersion, before: WorkflowVersion | None) -> VersionEntity:
    old = before.source.splitlines(keepends=True) if before else []
    names = (f"version {before.number}" if before else "", f"version {version.number}")
    diff = unified_diff(old, version.source.splitlines(keepends=True), *names) if before else ()
    return VersionEntity(
        id=version.id,
        workflowId=version.workflow_id,
        number=version.number,
        source=version.source,
        diff="".join(diff),
        createdBy=version.author,
        creationTime=version.created,
    )


def _report(report: Report) -> BacktestReport:
    return BacktestReport.model_validate({
        "id": report.id,
        "livemode": report.livemode,
        "days": report.days,
        "events": report.events,
        "matched": report.matched,
        "cut": report.cut,
        "moved": report.moved,
        "unknownAmounts": report.unknown_amounts,
        "requests": report.requests,
        "untried": list(report.untried),
        "runs": [
            {
                "eventId": run.event,
                "eventType": run.type,
                "eventTime": from_unix(run.at).isoformat().replace("+00:00", "Z"),
                "objectId": run.object_id,
                "status": run.state,
                "reason": run.reason,
                "notes": list(run.notes),
                "requests": [
                    {"step": one.step, "action": one.action, "approval": one.approval, "request": one.request}
                    for one in run.planned
                ],
            }
            for run in report.runs
        ],
    })  # fmt: skip
