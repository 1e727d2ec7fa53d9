"""`tillwright mirror check`: is the mirror right? The exit code tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from tillwright.domains.mirror.proof.model import DriftRow
from tillwright.domains.mirror.truth.model import Standing, Truth
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.doors.cli.mirror.status import MODES, mode, modes_kept, tell, truth_of
from tillwright.settings import read
from tillwright.wiring import House, open_house

NOT_KNOWN = 7
"""Exit code where no drift was found and it is not known that there is none."""


def run(
    organisation: Organisation = None,
    now: Annotated[
        bool, typer.Option("--now", help="Compare everything with Stripe first, as fast as its rate allows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Is it right? What is proven of each type, and what is not: exit 1 on drift, 7 where nobody can know yet."""
    found = asyncio.run(_check(organisation, now))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(found)
    raise typer.Exit({True: 0, False: 1, None: NOT_KNOWN}[found["true"]])


async def _check(organisation: str | None, now: bool) -> dict[str, Any]:
    async with open_house(read()) as house:
        organisation_id = await chosen(house, organisation)
        if now:
            async with house.database.tenant(organisation_id) as tx:
                modes = await modes_kept(house, tx, organisation_id)
            principal = Principal.system(organisation_id, "tillwright mirror check")
            for livemode in modes:
                await house.mirror.prove_now(principal, livemode=livemode)
        return await report(house, organisation_id)


async def report(house: House, organisation_id: str) -> dict[str, Any]:
    """The answer as data. `true`: null where it is not known; false on drift in the latest comparison of any type."""
    async with house.database.tenant(organisation_id) as tx:
        modes = await modes_kept(house, tx, organisation_id)
        found = [await truth_of(house, tx, organisation_id, livemode) for livemode in modes]
        drifts = await house.mirror.drifts(tx, livemode=modes[0] if len(modes) == 1 else None)
    standings = {truth.standing for truth in found}
    return {
        "true": False if Standing.DRIFTED in standings else True if standings == {Standing.RIGHT} else None,
        "modes": [mode(truth) for truth in found],
        "types": [row for truth in found for row in _types(truth)],
        "drift": _drift(drifts),
    }


def _types(truth: Truth) -> list[dict[str, Any]]:
    return [
        {
            "object": row.object,
            "mode": MODES[truth.livemode],
            "coverage": row.coverage,
            "right": row.right,
            "provenAt": row.proven_at,
            "checked": row.proof.proven_rows if row.proof else 0,
            "drift": row.proof.drifted if row.proof else 0,
            "mended": row.proof.drifted - min(row.proof.drifted, row.proof.unmended) if row.proof else 0,
            "doubts": row.doubt.waiting if row.doubt else 0,
            "error": row.proof.error if row.proof else row.error,
        }
        for row in truth.lists
    ]


def _drift(rows: Sequence[DriftRow]) -> list[dict[str, Any]]:
    return [
        {
            "object": row.object,
            "id": row.id,
            "kind": row.drift,
            "fields": row.fields,
            "foundAt": row.found,
            "mendedAt": row.mended,
        }
        for row in rows
    ]


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
    if table.row_count:
        console.print(table)
    for row in found["drift"][:20]:
        fields = f" ({', '.join(row['fields'])})" if row["fields"] else ""
        console.print(f"  {row['kind'].lower()}: {row['object']} {row['id']}{fields}")
    for each in found["modes"]:
        tell(console, each)
        oldest = f", the oldest {each['oldest']:%Y-%m-%d %H:%M} UTC" if each["oldest"] else ""
        console.print(f"{each['proven']} of {each['lists']} lists proven lately{oldest}.", style="dim")
    said = {True: "[green]No drift.[/green]", False: "[red]Drift was found.[/red]"}
    console.print(said.get(found["true"], "No drift was found, and it is not known yet that there is none."))
