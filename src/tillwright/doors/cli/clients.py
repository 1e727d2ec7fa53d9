"""`tillwright clients`: keys for programs: list, make, rotate, revoke."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_table
from tillwright.wiring import House

app = typer.Typer(help="Keys for programs: list, make, rotate, revoke.", no_args_is_help=True)
NAME = "tillwright clients"
Client = Annotated[str, typer.Argument(help="Its id, as `list` prints it.")]


@app.command(name="list")
def list_(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Those there are; a key itself is shown once, when it is made."""

    async def look(house: House, caller: Principal) -> list[dict[str, Any]]:
        return [
            {
                "id": client.id,
                "name": client.name,
                "role": client.role,
                "key": f"…{client.hint}",
                "made": client.created.isoformat(timespec="seconds"),
                "used": client.last_used.isoformat(timespec="seconds") if client.last_used else None,
            }
            for client in await house.tenancy.api_clients(caller)
        ]

    print_table(in_house(organisation, look, by=NAME), as_json, ("id", "name", "role", "key", "made", "used"))


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[str, typer.Option(help="ADMIN, EDITOR or VIEWER.")] = "VIEWER",
    organisation: Organisation = None,
) -> None:
    """Make one and print its key, which nobody can see again."""

    async def create(house: House, caller: Principal) -> list[dict[str, Any]]:
        _, key = await house.tenancy.create_api_client(caller, name, role)
        return [{"key": key.reveal()}]

    print(in_house(organisation, create, by=NAME)[0]["key"])


@app.command()
def rotate(client: Client, organisation: Organisation = None) -> None:
    """Print another key in the place of the present one, which stops working at once."""

    async def change(house: House, caller: Principal) -> list[dict[str, Any]]:
        _, key = await house.tenancy.rotate_api_client(caller, client)
        return [{"key": key.reveal()}]

    print(in_house(organisation, change, by=NAME)[0]["key"])


@app.command()
def revoke(client: Client, organisation: Organisation = None) -> None:
    """End its key, and the tokens it was exchanged for, at once."""

    async def end(house: House, caller: Principal) -> list[dict[str, Any]]:
        await house.tenancy.revoke_api_client(caller, client)
        return []

    in_house(organisation, end, by=NAME)
