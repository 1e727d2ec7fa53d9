"""`tillwright setup`: an organisation and its first administrator."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from tillwright.domains.tenancy import Principal
from tillwright.settings import read
from tillwright.wiring import open_house


def run(
    organisation: Annotated[str, typer.Option(prompt="Organisation", help="The organisation's name.")],
    email: Annotated[str, typer.Option(prompt="Mail address", help="What the administrator signs in with.")],
    name: Annotated[str, typer.Option(help="The administrator's name; the mail address if left out.")] = "",
) -> None:
    """Make an organisation and its first administrator; the password is asked for, never an option."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    principal = asyncio.run(_create(organisation, email, password, name))
    print(principal.organisation_id)


async def _create(organisation: str, email: str, password: str, name: str) -> Principal:
    async with open_house(read()) as house:
        return await house.tenancy.create_organisation(organisation, email, password, person=name)
