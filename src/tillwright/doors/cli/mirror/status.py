"""`tillwright mirror status`: how much of each type is here, how fresh it is, and how fast the rest comes."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tillwright.domains.mirror.coverage import Coverage, pace
from tillwright.domains.mirror.model import Progress
from tillwright.domains.mirror.truth.model import Listed, Truth
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.gateways.database import Tx
from tillwright.settings import read
from tillwright.wiring import House, open_house

_SHOWN = {
    Coverage.COMPLETE: "[green]complete[/green]",
    Coverage.IN_PART: "[yellow]in part[/yellow]",
    Coverage.READING: "[cyan]reading[/cyan]",
    Coverage.NOT_YET: "[dim]not yet[/dim]",
    Coverage.DENIED: "[red]denied[/red]",
    Coverage.NOT_OFFERED: "[dim]not offered[/dim]",
    Coverage.FAILED: "[red]failed[/red]",
}

_COLOURS = {"good": "green", "busy": "cyan", "warn": "yellow", "bad": "red"}
MODES = {False: "test", True: "live"}


def run(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """Each type's coverage and freshness, what to know of it, and the rate while lists are being read."""
    found = asyncio.run(_status(organisation))
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        show(found)


async def _status(organisation: str | None) -> dict[str, Any]:
    async with open_house(read()) as house:
        return await status(house, await chosen(house, organisation))


async def status(house: House, organisation_id: str) -> dict[str, Any]:
    """The answer as data: `types` has a row a type and mode; spans are seconds, rates objects a second."""
    async with house.database.tenant(organisation_id) as tx:
        rows = await house.mirror.backfill_progress(tx)
        kept = await modes_kept(house, tx, organisation_id)
        seen = sorted({row.livemode for row in rows})
        truths = [await truth_of(house, tx, organisation_id, livemode) for livemode in seen]
    found = pace(rows, house.clock.now())
    listed = {(truth.livemode, row.object): row for truth in truths for row in truth.lists}
    return {
        "lists": found.lists,
        "over": found.over,
        "objects": sum(row.present for row in listed.values()),
        "pages": found.pages,
        "rate": round(found.rate, 1) if found.rate is not None else None,
        "secondsLeft": round(found.left.total_seconds()) if found.left is not None else None,
        "types": [_row(row, listed[row.livemode, row.object]) for row in rows],
        "modes": [mode(truth) for truth in truths if truth.livemode in kept],
    }


async def modes_kept(house: House, tx: Tx, organisation_id: str) -> list[bool]:
    """The mode that is connected, for only that is kept up; whatever was read once where nothing is connected."""
    connected = await house.integrations.livemode_of(tx, organisation_id)
    if connected is not None:
        return [connected]
    return sorted({row.livemode for row in await house.mirror.backfill_progress(tx)}) or [False]


async def truth_of(house: House, tx: Tx, organisation_id: str, livemode: bool) -> Truth:
    """What is known of one mode."""
    listening = await house.webhooks.listening(tx, organisation_id, livemode=livemode)
    return await house.mirror.truth(tx, listening, livemode=livemode)


def mode(truth: Truth) -> dict[str, Any]:
    """Where that leaves a mode, as data: the weightiest thing to know first, the others in `remarks`."""
    return {
        "mode": MODES[truth.livemode],
        "standing": truth.standing,
        "code": truth.code,
        "tone": truth.tone,
        "title": truth.title,
        "sentence": truth.sentence,
        "remedy": truth.remedy,
        "lists": truth.readable,
        "proven": truth.proven,
        "checked": truth.rows,
        "oldest": truth.oldest,
        "withinSeconds": round(truth.within.total_seconds()),
        "remarks": [
            {"code": each.code, "title": each.title, "sentence": each.sentence, "remedy": each.remedy}
            for each in truth.remarks
        ],
    }


def tell(console: Console, found: dict[str, Any]) -> None:
    """The same of a mode for people."""
    colour = _COLOURS[found["tone"]]
    console.print(f"\n[{colour}]{found['title']}[/{colour}] ({found['mode']} mode)")
    for each in ({**found, "title": ""}, *found["remarks"]):
        said = " ".join(word for word in (each["sentence"], each["remedy"]) if word)
        console.print(f"- {each['title']}. {said}" if each["title"] else said, soft_wrap=True, markup=False)


def _row(row: Progress, known: Listed) -> dict[str, Any]:
    return {
        "object": row.object,
        "mode": MODES[row.livemode],
        "coverage": known.coverage,
        "right": known.right,
        "part": known.part,
        "objects": known.present,
        "deleted": known.deleted,
        "read": row.done,
        "estimate": row.estimate,
        "newestAt": known.fresh.newest,
        "eventAt": known.fresh.heard,
        "readAt": known.read,
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
    for title in ("last event", "last read"):
        table.add_column(title)
    quiet = 0
    for row in found["types"]:
        if not row["objects"] and not row["deleted"] and row["coverage"] in ("COMPLETE", "IN_PART", "NOT_OFFERED"):
            quiet += 1
            continue
        note = f" ({row['right']})" if row["right"] else ""
        shown = _SHOWN[Coverage(row["coverage"])] + note
        numbers = (f"{row[name]:,}" for name in ("objects", "deleted"))
        times = (f"{row[name]:%Y-%m-%d %H:%M}" if row[name] else "-" for name in ("eventAt", "readAt"))
        table.add_row(row["object"], row["mode"], shown, *numbers, *times)
    console.print(table)
    if quiet:
        console.print(f"[dim]and {quiet} types of which the account has none[/dim]")
    console.print(f"\n{found['over']} of {found['lists']} lists read, {found['objects']:,} objects" + _pace(found))
    for each in found["modes"]:
        tell(console, each)


def _pace(found: dict[str, Any]) -> str:
    if found["over"] == found["lists"]:
        return ""
    rate = f", {found['rate']:,.0f} objects/s" if found["rate"] else ""
    left = found["secondsLeft"]
    return rate + (f", about {left // 60} min {left % 60} s left" if left is not None else ", time left not known yet")
