"""`tillwright users`: the people of an organisation, and what one needs from who runs the installation."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import typer

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_table
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import House, open_house

app = typer.Typer(help="People who sign in: list, invite, roles, remove.", no_args_is_help=True)
NAME = "tillwright users"
Mail = Annotated[str, typer.Argument(help="What the person signs in with.")]
Role = Annotated[str, typer.Option(help="ADMIN, EDITOR or VIEWER.")]


@app.command(name="list")
def list_(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Everybody in the organisation, and whoever was invited."""

    async def look(house: House, caller: Principal) -> list[dict[str, Any]]:
        members = [
            {
                "email": m.email,
                "name": m.name,
                "role": m.role,
                "state": "member",
                "id": m.user_id,
                "seen": _time(m.seen),
            }
            for m in await house.people.members(caller)
        ]
        asked = [
            {"email": i.email, "name": "", "role": i.role, "state": "invited", "id": i.id, "seen": None}
            for i in await house.people.invitations(caller)
        ]
        return [*members, *asked]

    print_table(in_house(organisation, look, by=NAME), as_json, ("email", "name", "role", "state", "seen"))


@app.command()
def invite(email: Mail, role: Role = "VIEWER", organisation: Organisation = None) -> None:
    """Send somebody a link that works once, for a week; sent again, the earlier one no longer works."""

    async def ask(house: House, caller: Principal) -> list[dict[str, Any]]:
        made = await house.people.invite(caller, email, role)
        return [{"error": made.error}]

    (made,) = in_house(organisation, ask, by=NAME)
    said = (
        f"The mail has not left yet: {made['error']} It is tried again." if made["error"] else "The mail is on its way."
    )
    print(f"{email} is invited. {said}")


@app.command()
def withdraw(email: Mail, organisation: Organisation = None) -> None:
    """Take an invitation back: its link no longer works."""

    async def end(house: House, caller: Principal) -> list[dict[str, Any]]:
        found = [i.id for i in await house.people.invitations(caller) if i.email == email.strip().lower()]
        if not found:
            raise Absent("invitation_absent", f"{email[:100]} has no invitation.", field="MAIL")
        for invitation_id in found:
            await house.people.withdraw(caller, invitation_id)
        return []

    in_house(organisation, end, by=NAME)


@app.command()
def role(
    email: Mail,
    to: Annotated[str, typer.Argument(help="ADMIN, EDITOR or VIEWER.")],
    organisation: Organisation = None,
) -> None:
    """Give somebody another role; it counts from their next request on."""

    async def change(house: House, caller: Principal) -> list[dict[str, Any]]:
        await house.people.change_role(caller, await _member(house, caller, email), to)
        return []

    in_house(organisation, change, by=NAME)


@app.command()
def remove(email: Mail, organisation: Organisation = None) -> None:
    """Take somebody out of the organisation; their sessions there end at once."""

    async def end(house: House, caller: Principal) -> list[dict[str, Any]]:
        await house.people.remove(caller, await _member(house, caller, email))
        return []

    in_house(organisation, end, by=NAME)


@app.command(name="reset-password")
def reset_password(
    email: Mail,
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


async def _member(house: House, caller: Principal, email: str) -> str:
    for member in await house.people.members(caller):
        if member.email == email.strip().lower():
            return member.user_id
    raise Absent("user_absent", f"Nobody in the organisation signs in with {email[:100]}.", field="MAIL")


async def _link(email: str) -> Secret:
    async with open_house(read()) as house:
        return await house.resets.link(email, by=NAME)


async def _set(email: str, password: str) -> int:
    async with open_house(read()) as house:
        return await house.resets.set(email, password, by=NAME)


def _time(value: Any) -> str | None:
    return value.isoformat(timespec="seconds") if value else None
