"""`tillwright mirror replay`: apply the kept raw events about a type again, or build the type anew from them."""

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
    object_type: Annotated[str, typer.Argument(metavar="OBJECT", help="A type of Stripe's, such as customer.")],
    organisation: Organisation = None,
    live: Annotated[bool, typer.Option("--live/--test", help="Which mode's events.")] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="Erase the type's objects first, tombstones aside, and read its list again afterwards."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Apply the kept events about a type to the mirror again. Workflows hear nothing of it."""
    count = asyncio.run(_replay(object_type, organisation, live, rebuild))
    if as_json:
        answer = {"object": object_type, "mode": "live" if live else "test", "applied": count, "rebuild": rebuild}
        print(orjson.dumps(answer).decode())
    else:
        print(f"{count} events applied again." + (" The worker now reads the list." if rebuild else ""))


async def _replay(object_type: str, organisation: str | None, live: bool, rebuild: bool) -> int:
    async with open_house(read()) as house:
        principal = Principal.system(await chosen(house, organisation), "tillwright mirror replay")
        return await house.webhooks.keeping.replay(principal, object_type, livemode=live, rebuild=rebuild)
