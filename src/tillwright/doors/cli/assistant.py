"""`tillwright mcp`: the assistant's tools for a program that starts this command and talks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from tillwright.domains.assistant import Via
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import Organisation, chosen
from tillwright.kit.errors import Absent
from tillwright.settings import Settings, read
from tillwright.wiring import House


@dataclass(frozen=True)
class McpChoice:
    """In whose name, and of which account: `user` is a mail address, None for the organisation's own data."""

    organisation: str | None
    user: str | None

    @property
    def via(self) -> Via:
        return "connection" if self.user else "organisation"


def command(speak: Callable[[Settings, McpChoice], None]) -> Callable[..., None]:
    """The command, which hands on to the door that speaks the protocol."""

    def run(
        organisation: Organisation = None,
        user: Annotated[
            str | None, typer.Option(help="A person's mail address: answer from the account they connected.")
        ] = None,
    ) -> None:
        """Answer an assistant over standard input and output, from the mirror or from a user's own account."""
        speak(read(), McpChoice(organisation, user))

    return run


async def mcp_caller(house: House, choice: McpChoice) -> Principal:
    """Who the questions are asked for.

    Raises:
        Absent: no such organisation, or nobody in it has this address.
        Invalid: there are several organisations and none was named.
    """
    organisation_id = await chosen(house, choice.organisation)
    system = Principal.system(organisation_id, "tillwright mcp")
    if choice.user is None:
        return system
    for member in await house.people.members(system):
        if member.email == choice.user.strip().lower():
            return Principal(organisation_id, "USER", member.user_id, member.name, member.role)
    raise Absent("user_absent", f"Nobody here has the address {choice.user}.", field="--user")
