"""`tillwright workflow activate, pause, start, cancel, retry, approve, stop, release`: steering by command."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer

from tillwright.domains.automation import Run, Workflow
from tillwright.domains.automation.model import ApprovalState
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows, print_table
from tillwright.kit.errors import Invalid
from tillwright.wiring import House

Name = Annotated[str, typer.Argument(help="The workflow's name or id.")]
RunId = Annotated[str, typer.Argument(help="The run's id.")]


def activate(
    workflow: Name,
    version: Annotated[int | None, typer.Option(min=1, help="Go back, or forward, to this one.")] = None,
    override: Annotated[bool, typer.Option(help="In live mode, though it moves money and was never tried.")] = False,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Let a workflow start runs again."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        found = await house.automation.get(principal, workflow)
        done = await house.automation.activate(principal, found.id, version=version, override=override)
        return [_workflow(done)]

    print_rows(in_house(organisation, do), as_json, _line)


def pause(workflow: Name, organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Start no further runs, and hold those under way; what comes is kept."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        found = await house.automation.get(principal, workflow)
        return [_workflow(await house.automation.pause(principal, found.id))]

    print_rows(in_house(organisation, do), as_json, _line)


def start(
    workflow: Name,
    inputs: Annotated[str, typer.Option(help="What its trigger asks for, as a JSON object.")] = "{}",
    object_: Annotated[str | None, typer.Option("--object", help="The Stripe object it is about.")] = None,
    key: Annotated[str | None, typer.Option(help="The same key again gives the same run.")] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Start a run of a workflow with a `manual` or `api` trigger."""
    try:
        given = orjson.loads(inputs)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Invalid("inputs_invalid", "The inputs are no JSON object.", field="--inputs", remedy='Such as {"n": 1}.')

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        begun = await house.automation.steering.start(
            principal, workflow, given, object_id=object_, kind="api", key=key
        )
        return [_run(begun)]

    print_rows(in_house(organisation, do), as_json, _line)


def cancel(run: RunId, organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Take no further step of a run; what it sent stays."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        return [_run(await house.automation.steering.cancel(principal, run))]

    print_rows(in_house(organisation, do), as_json, _line)


def retry(
    run: RunId,
    from_step: Annotated[str | None, typer.Option("--from", help="From this step; else where it ended.")] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Let a run go on that ended FAILED, UNKNOWN or CANCELLED."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        return [_run(await house.automation.steering.retry(principal, run, from_step=from_step))]

    print_rows(in_house(organisation, do), as_json, _line)


def approvals(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """What waits for somebody's yes, with the hash that the yes is for."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        page = await house.automation.approvals.list(principal, state=ApprovalState.PENDING, limit=1000)
        return [
            {"id": one.id, "workflow": one.workflow_name, "question": one.question, "role": one.role,
             "due": one.due.isoformat(), "request": dict(one.request), "hash": one.payload_hash}
            for one in page.items
        ]  # fmt: skip

    print_table(in_house(organisation, do), as_json, ("id", "workflow", "question", "role", "due", "hash"))


def approve(
    approval: Annotated[str, typer.Argument(help="The approval's id.")],
    payload_hash: Annotated[str, typer.Argument(metavar="HASH", help="As `approvals` shows it.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no: the run is cancelled.")] = False,
    note: Annotated[str | None, typer.Option(help="Kept with the decision.")] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Say yes, or no, to exactly this request."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        done = await house.automation.approvals.decide(
            principal, approval, approve=not refuse, payload_hash=payload_hash, note=note
        )
        return [{"id": done.id, "name": done.workflow_name, "state": done.state}]

    print_rows(in_house(organisation, do), as_json, _line)


def stop(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Stop everything: no run of the organisation takes a further step, and nothing is sent."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        await house.automation.stop_switch.stop(principal)
        return [{"id": principal.organisation_id, "name": "automation", "state": "STOPPED"}]

    print_rows(in_house(organisation, do), as_json, _line)


def release(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Let everything go on where it stood."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        await house.automation.stop_switch.release(principal)
        return [{"id": principal.organisation_id, "name": "automation", "state": "RUNNING"}]

    print_rows(in_house(organisation, do), as_json, _line)


COMMANDS = (activate, pause, start, cancel, retry, approvals, approve, stop, release)


def _workflow(one: Workflow) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "version": one.version, "state": one.state}


def _run(one: Run) -> dict[str, Any]:
    return {"id": one.id, "name": one.workflow_name, "state": one.state}


def _line(row: dict[str, Any]) -> str:
    return f"{row['state']:<10} {row['name']}  {row['id']}"
