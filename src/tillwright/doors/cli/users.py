"""`tillwright users`: what a person needs from who runs the installation, where no mail can help."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import open_house

app = typer.Typer(help="People who sign in.", no_args_is_help=True)
NAME = "tillwright users"


@app.callback()
def top() -> None:
    """Keeps `reset-password` a command of its own, though it is the only one."""


@app.command(name="reset-password")
def reset_password(
    email: Annotated[str, typer.Argument(help="What the person signs in with.")],
    link: Annotated[
        bool, typer.Option("--link", help="Print a link for them instead of asking for a password.")
    ] = False,
) -> None:
    """Give somebody another password (asked for, never an option), or a link to choose one; their sessions end."""
    if link:
        print(asyncio.run(_link(email)).reveal())
        return
    if sys.stdin.isatty():
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    ended = asyncio.run(_set(email, password))
    print(f"The password is changed. Sessions ended: {ended}.")


async def _link(email: str) -> Secret:
    async with open_house(read()) as house:
        return await house.resets.link(email, by=NAME)


async def _set(email: str, password: str) -> int:
    async with open_house(read()) as house:
        return await house.resets.set(email, password, by=NAME)
