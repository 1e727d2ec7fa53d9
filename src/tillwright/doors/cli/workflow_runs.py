"""`tillwright workflow declare`: a person's word on a write whose outcome is unknown."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows
from tillwright.wiring import House


def declare(
    run: Annotated[str, typer.Argument(help="The run's id.")],
    step: Annotated[str, typer.Argument(help="The step, as the timeline names it.")],
    done: Annotated[bool, typer.Option("--done/--not-done", help="Whether it took place at Stripe.")],
    object_: Annotated[str | None, typer.Option("--object", help="What it made, for later steps to read.")] = None,
    note: Annotated[str | None, typer.Option(help="Why; kept in the audit.")] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Say of a step in state UNKNOWN, after a look at Stripe, that it was done or was not; the run goes on."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        found = await house.automation.doubts.declare(principal, run, step, done=done, object_id=object_, note=note)
        return [{"id": found.id, "state": found.state, "step": step, "declared": "done" if done else "not done"}]

    print_rows(in_house(organisation, do), as_json, lambda one: f"{one['step']} declared {one['declared']}")
