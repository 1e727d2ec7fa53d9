"""Deleting an integration from the command line: counted first, done once the organisation's name is given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import orjson
import typer

from tillwright.domains.removal import Receipt, Stake
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import chosen
from tillwright.kit.errors import Invalid
from tillwright.settings import read
from tillwright.wiring import open_house

Confirmed = Annotated[str | None, typer.Option(help="The organisation's name, to confirm; without it nothing goes.")]
_FATES = {"ERASED": "erased", "ENDED": "ended"}


def run(organisation: str | None, partner: str, service: str, name: str | None, *, as_json: bool, by: str) -> None:
    """Print what would be lost, or the receipt of what was."""
    if name is None:
        stakes = asyncio.run(_count(organisation, partner, service, by))
        if as_json:
            print(orjson.dumps([each.as_json() for each in stakes], option=orjson.OPT_INDENT_2).decode())
            return
        for each in stakes:
            print(f"{each.said:>16}  {_FATES[each.fate]:7} {each.what}")
        print("Nothing was deleted. There is no way back: to do it, give the organisation's name with --name.")
        return
    receipt = asyncio.run(_delete(organisation, partner, service, name, by))
    if as_json:
        print(orjson.dumps(receipt.as_json(), option=orjson.OPT_INDENT_2).decode())
        return
    show(receipt)


def show(receipt: Receipt) -> None:
    """What was done and what is left, a line each."""
    for line in receipt.lines:
        print(("✓" if line.done else "✗"), line.what, "" if line.count is None else f"({line.count})", line.id or "")


async def _count(organisation: str | None, partner: str, service: str, by: str) -> Sequence[Stake]:
    async with open_house(read()) as house:
        return await house.removal.at_stake(Principal.system(await chosen(house, organisation), by), partner, service)


async def _delete(organisation: str | None, partner: str, service: str, name: str, by: str) -> Receipt:
    async with open_house(read()) as house:
        caller = Principal.system(await chosen(house, organisation), by)
        if (await house.tenancy.organisation(caller)).name != name:
            raise Invalid("not_confirmed", "Nothing was deleted: this is not the organisation's name.", field="--name")
        return await house.removal.delete_integration(caller, partner, service)
