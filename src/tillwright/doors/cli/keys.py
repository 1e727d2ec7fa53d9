"""`tillwright keys`: the master key that seals every secret, changed while everything runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import orjson
import typer

from tillwright.domains.custody import Holding
from tillwright.doors.cli.choice import AsJson
from tillwright.settings import read
from tillwright.wiring import House, open_house

app = typer.Typer(help="The master key that seals every secret: look, change, let an old one go.", no_args_is_help=True)

T = TypeVar("T")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Print each master key and how many values it seals; exit 1 if some are sealed with a key that is not here."""
    holdings = _do(lambda house: house.custody.holdings())
    _print(holdings, as_json)
    if any(not each.known for each in holdings):
        raise typer.Exit(1)


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Make a new master key and seal everything anew, online; cut off anywhere, run it again."""

    async def work(house: House) -> tuple[int, Sequence[Holding]]:
        return await house.custody.rotate(), await house.custody.holdings()

    sealed, holdings = _do(work)
    if as_json:
        print(orjson.dumps({"sealedAnew": sealed, "keys": [vars(each) for each in holdings]}).decode())
        return
    print(f"{sealed} values were sealed anew.")
    _print(holdings, as_json=False)
    if len(holdings) > 1:
        print("The key before still opens what a backup holds. Let it go with: tillwright keys retire")


@app.command()
def retire(as_json: AsJson = False) -> None:
    """Take the master keys out of the key file that seal nothing any more. Backups made before are sealed with them!"""
    gone = _do(lambda house: house.custody.retire())
    print(orjson.dumps({"retired": gone}).decode() if as_json else f"Retired: {', '.join(gone) or 'none'}")


def _do(verb: Callable[[House], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with open_house(read()) as house:
            return await verb(house)

    return asyncio.run(inside())


def _print(holdings: Sequence[Holding], as_json: bool) -> None:
    if as_json:
        print(orjson.dumps([vars(each) for each in holdings]).decode())
        return
    for each in holdings:
        what = "seals" if each.present else "opens" if each.known else "is not here, and is needed"
        print(f"{each.id}  {each.values:6} values  {what}")
