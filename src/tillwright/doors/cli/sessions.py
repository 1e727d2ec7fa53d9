"""`tillwright sessions`: browsers that are signed in: list, end."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_table
from tillwright.wiring import House

app = typer.Typer(help="Browsers that are signed in: list, end.", no_args_is_help=True)
NAME = "tillwright sessions"


@app.command(name="list")
def list_(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Every session in the organisation, last used first."""

    async def look(house: House, caller: Principal) -> list[dict[str, Any]]:
        return [
            {
                "id": one.id,
                "email": one.email,
                "seen": one.seen.isoformat(timespec="seconds"),
                "expires": one.expires.isoformat(timespec="seconds"),
                "agent": one.agent,
            }
            for one in await house.tenancy.sessions_of_all(caller)
        ]

    print_table(in_house(organisation, look, by=NAME), as_json, ("id", "email", "seen", "agent"))


@app.command()
def end(
    session: Annotated[str, typer.Argument(help="Its id, as `list` prints it.")], organisation: Organisation = None
) -> None:
    """Sign that browser out at once."""

    async def sign_out(house: House, caller: Principal) -> list[dict[str, Any]]:
        await house.tenancy.end_session_of(caller, session)
        return []

    in_house(organisation, sign_out, by=NAME)
