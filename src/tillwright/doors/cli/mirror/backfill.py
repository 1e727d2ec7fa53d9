"""`tillwright mirror backfill`: see that every list is read, and watch it if you like."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.doors.cli.mirror import status
from tillwright.settings import read
from tillwright.wiring import open_house


def run(
    organisation: Organisation = None,
    again: Annotated[bool, typer.Option("--again", help="Read the lists that are done once more.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until every list is over; exit 1 if one failed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the backfill of what is missing; the worker reads. What is here stays while it is read again."""
    raise typer.Exit(asyncio.run(_backfill(organisation, again, wait, as_json)))


async def _backfill(organisation: str | None, again: bool, wait: bool, as_json: bool) -> int:
    async with open_house(read()) as house:
        organisation_id = await chosen(house, organisation)
        principal = Principal.system(organisation_id, "tillwright mirror backfill")
        livemode = await house.mirror.backfill(principal, again=again)
        if not as_json:
            print(f"The backfill of {'live' if livemode else 'test'} mode is on its way.")
        while True:
            found = await status.status(house, organisation_id)
            if not wait or found["over"] == found["lists"]:
                break
            if not as_json:
                Console(highlight=False).print(f"{found['over']}/{found['lists']} lists, {found['objects']:,} objects")
            await house.clock.sleep(2)
    if as_json:
        answer = {"mode": status.MODES[livemode], **found}
        print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    elif wait:
        status.show(found)
    return int(wait and any(row["coverage"] in ("FAILED", "DENIED") for row in found["types"]))
