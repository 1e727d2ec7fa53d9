"""`tillwright audit`: what is in the trail, and is it as it was written?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from tillwright.domains.tenancy import Principal
from tillwright.domains.tenancy.model import Refused
from tillwright.domains.tenancy.trail import Proof
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_table
from tillwright.kit.errors import Absent
from tillwright.settings import read
from tillwright.wiring import House, open_house

app = typer.Typer(help="The audit trail of every organisation.", no_args_is_help=True)


@app.command()
def verify(
    organisation: Annotated[str | None, typer.Option(help="Only this organisation.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcomes as JSON.")] = False,
) -> None:
    """Go through every entry's digest, and compare with what is noted beside the keys; exit 1 if one was changed."""
    proofs = asyncio.run(_verify(organisation))
    if as_json:
        print(orjson.dumps(proofs, option=orjson.OPT_INDENT_2).decode())
    else:
        console = Console(highlight=False)
        for proof in proofs:
            mark = "[green]✓[/green]" if proof.whole else "[red]✗[/red]"
            said = "as written" if proof.whole else f"entry {proof.broken_at} was changed or is missing"
            console.print(f"{mark} {proof.organisation_id}: {proof.entries} entries, {said}", soft_wrap=True)
    if not all(proof.whole for proof in proofs):
        raise typer.Exit(1)


@app.command(name="sign-ins")
def sign_ins(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """Print failed sign-ins for addresses nobody has, newest first; all others are in an organisation's trail."""
    found = asyncio.run(_refused(limit))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    for each in found:
        print(f"{each.at:%Y-%m-%d %H:%M:%S} UTC  {each.why}  {each.address_digest[:12]}  {each.agent}")


@app.command()
def search(
    q: Annotated[
        str | None, typer.Argument(help='A filter, e.g. (ilike action "credential:open"); all without.')
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Print entries of an organisation's trail, newest first: who did what, and when."""

    async def look(house: House, caller: Principal) -> list[dict[str, Any]]:
        found, _ = await house.trail.query(caller, q=q, s=None, limit=limit, offset=0)
        return [
            {
                "number": entry.number,
                "at": entry.at.isoformat(timespec="seconds"),
                "actor": entry.actor.name,
                "action": entry.action,
                "subject": entry.subject_id,
                "detail": entry.detail,
            }
            for entry in found
        ]

    rows = in_house(organisation, look, by="tillwright audit")
    print_table(rows, as_json, ("number", "at", "actor", "action", "subject"))


async def _refused(limit: int) -> Sequence[Refused]:
    async with open_house(read()) as house:
        return await house.tenancy.refused(limit)


async def _verify(organisation: str | None) -> list[Proof]:
    async with open_house(read()) as house:
        known = await house.tenancy.organisation_ids()
        if organisation and organisation not in known:
            raise Absent("organisation_absent", f"There is no organisation {organisation}.", field="--organisation")
        wanted = [organisation] if organisation else known
        return [await house.trail.verify(Principal.system(each, "tillwright audit")) for each in wanted]
