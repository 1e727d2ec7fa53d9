"""`tillwright mirror status`: how much of each type is here, and how fast the rest comes."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tillwright.domains.mirror.coverage import Coverage, coverage_of, missing_right, pace
from tillwright.domains.mirror.model import Count, Progress
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.settings import read
from tillwright.wiring import House, open_house

_SHOWN = {
    Coverage.COMPLETE: "[green]complete[/green]",
    Coverage.READING: "[cyan]reading[/cyan]",
    Coverage.NOT_YET: "[dim]not yet[/dim]",
    Coverage.DENIED: "[red]denied[/red]",
    Coverage.NOT_OFFERED: "[dim]not offered[/dim]",
    Coverage.FAILED: "[red]failed[/red]",
}


def run(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Each type's coverage, with the rate and the time left while lists are being read."""
    found = asyncio.run(_status(organisation))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        show(found)


async def _status(organisation: str | None) -> dict[str, Any]:
    async with open_house(read()) as house:
        return await status(house, await chosen(house, organisation))


async def status(house: House, organisation_id: str) -> dict[str, Any]:
    """The answer as data: `types` has a row a type and mode; times are seconds, rates objects a second."""
    async with house.database.tenant(organisation_id) as tx:
        rows = await house.mirror.backfill_progress(tx)
        counts = {mode: await house.mirror.counts(tx, livemode=mode) for mode in (False, True)}
    found = pace(rows, house.clock.now())
    return {
        "lists": found.lists,
        "over": found.over,
        "objects": sum(count.present for each in counts.values() for count in each.values()),
        "pages": found.pages,
        "rate": round(found.rate, 1) if found.rate is not None else None,
        "secondsLeft": round(found.left.total_seconds()) if found.left is not None else None,
        "types": [_row(row, counts[row.livemode].get(row.object)) for row in rows],
    }


def _row(row: Progress, count: Count | None) -> dict[str, Any]:
    return {
        "object": row.object,
        "mode": "live" if row.livemode else "test",
        "coverage": coverage_of(row),
        "right": missing_right(row.error) if row.state == "DENIED" else None,
        "objects": count.present if count else 0,
        "deleted": count.deleted if count else 0,
        "read": row.done,
        "estimate": row.estimate,
        "error": row.error,
    }


def show(found: dict[str, Any]) -> None:
    """The same for people; types of which there is nothing to say are counted."""
    console = Console(highlight=False)
    if not found["types"]:
        console.print("Nothing is mirrored yet: connect Stripe and verify the connection, and it begins by itself.")
        return
    table = Table("type", "mode", "coverage", box=None, pad_edge=False)
    for title in ("objects", "deleted"):
        table.add_column(title, justify="right")
    quiet = 0
    for row in found["types"]:
        if not row["objects"] and not row["deleted"] and row["coverage"] in ("COMPLETE", "NOT_OFFERED"):
            quiet += 1
            continue
        note = f" ({row['right']})" if row["right"] else ""
        shown = _SHOWN[Coverage(row["coverage"])] + note
        table.add_row(row["object"], row["mode"], shown, f"{row['objects']:,}", f"{row['deleted']:,}")
    console.print(table)
    if quiet:
        console.print(f"[dim]and {quiet} types of which the account has none[/dim]")
    console.print(f"\n{found['over']} of {found['lists']} lists read, {found['objects']:,} objects" + _pace(found))


def _pace(found: dict[str, Any]) -> str:
    if found["over"] == found["lists"]:
        return ""
    rate = f", {found['rate']:,.0f} objects/s" if found["rate"] else ""
    left = found["secondsLeft"]
    return rate + (f", about {left // 60} min {left % 60} s left" if left is not None else ", time left not known yet")
