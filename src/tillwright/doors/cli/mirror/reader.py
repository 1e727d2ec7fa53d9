"""`tillwright mirror reader`: a sign-in for SQL that sees one organisation's objects and can change nothing."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.settings import read
from tillwright.wiring import open_house


def run(
    organisation: Organisation = None,
    close: Annotated[bool, typer.Option("--close", help="Take the sign-in away and end its sessions.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a read-only sign-in for SQL and BI tools, or give it a new password; shown once."""
    print(asyncio.run(_reader(organisation, close, as_json)))


async def _reader(organisation: str | None, close: bool, as_json: bool) -> str:
    async with open_house(read()) as house:
        principal = Principal.system(await chosen(house, organisation), "tillwright mirror reader")
        if close:
            return "The sign-in is gone." if await house.mirror.readers.close(principal) else "There was no sign-in."
        made = await house.mirror.readers.open(principal)
    if as_json:
        return orjson.dumps({"user": made.role, "password": made.password.reveal(), "schema": "stripe"}).decode()
    shown = {"user": made.role, "password": made.password.reveal(), "schema": "stripe"}
    return "\n".join([*(f"{name + ':':10}{value}" for name, value in shown.items()), "\nIt is not shown again."])
