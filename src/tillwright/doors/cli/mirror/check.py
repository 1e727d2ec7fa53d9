"""`tillwright mirror check`: is the mirror true? Exit code 1 where it is not."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.settings import read
from tillwright.wiring import House, open_house


def run(
    organisation: Organisation = None,
    now: Annotated[
        bool, typer.Option("--now", help="Compare everything with Stripe first, as fast as its rate allows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What is proven of each type: when, how many objects, and what had drifted; exit 1 on drift."""
    found = asyncio.run(_check(organisation, now))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(found)
    raise typer.Exit(0 if found["true"] else 1)


async def _check(organisation: str | None, now: bool) -> dict[str, Any]:
    async with open_house(read()) as house:
        organisation_id = await chosen(house, organisation)
        if now:
            principal = Principal.system(organisation_id, "tillwright mirror check")
            await house.mirror.proving.prove_now(principal)
            await house.mirror.refetch_step(limit=1000)  # what no list had may be gone: asked for before it is told
            await house.mirror.proving.settle()
        return await report(house, organisation_id)


async def report(house: House, organisation_id: str) -> dict[str, Any]:
    """The answer as data. `true`: whatever was proven holds. Types that were not proven yet are told, and no drift."""
    async with house.database.tenant(organisation_id) as tx:
        proofs = await house.mirror.proofs(tx)
        drifts = await house.mirror.drifts(tx)
    return {
        "true": not any(row.drifted or row.unmended for row in proofs),
        "types": [
            {
                "object": row.object,
                "mode": "live" if row.livemode else "test",
                "provenAt": row.proven_at,
                "checked": row.proven_rows,
                "drift": row.drifted,
                "mended": row.drifted - min(row.drifted, row.unmended),
                "error": row.error,
            }
            for row in proofs
        ],
        "drift": [
            {
                "object": row.object,
                "id": row.id,
                "kind": row.drift,
                "fields": row.fields,
                "foundAt": row.found,
                "mendedAt": row.mended,
            }
            for row in drifts
        ],
    }


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    proven = [row for row in found["types"] if row["provenAt"]]
    table = Table("type", "mode", "last proven", box=None, pad_edge=False)
    for title in ("checked", "drift", "mended"):
        table.add_column(title, justify="right")
    for row in proven:
        if row["checked"] or row["drift"]:
            at = f"{row['provenAt']:%Y-%m-%d %H:%M} UTC"
            table.add_row(
                row["object"], row["mode"], at, f"{row['checked']:,}", f"{row['drift']:,}", f"{row['mended']:,}"
            )
    console.print(table)
    console.print(f"\n{len(proven)} of {len(found['types'])} lists proven, the others wait their turn.", style="dim")
    for row in found["drift"][:20]:
        fields = f" ({', '.join(row['fields'])})" if row["fields"] else ""
        console.print(f"  {row['kind'].lower()}: {row['object']} {row['id']}{fields}")
    console.print("[green]No drift.[/green]" if found["true"] else "[red]Drift was found.[/red]")
