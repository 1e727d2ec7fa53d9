"""`tillwright export`: a type of Stripe's objects as a CSV or NDJSON file, streamed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, cast

import typer
from rich.console import Console

from tillwright.domains.mirror.library.service import Asked, Form
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import Organisation, chosen
from tillwright.kit.errors import Invalid
from tillwright.settings import read
from tillwright.wiring import open_house

_MODES = {"": None, "test": False, "live": True}


def run(
    object_type: Annotated[str, typer.Argument(help="Such as customer, payment_intent, invoice.")],
    form: Annotated[str, typer.Option("--format", help="csv, or ndjson: the objects as Stripe sent them.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="Where to; standard output if left out.")] = None,
    q: Annotated[str | None, typer.Option("--filter", help='Such as (= currency "eur").')] = None,
    search: Annotated[str | None, typer.Option(help="Part of an id, a name or a mail address.")] = None,
    mode: Annotated[Literal["", "test", "live"], typer.Option(help="The connected one if left out.")] = "",
    organisation: Organisation = None,
) -> None:
    """Write every object of a type to a file, newest first; memory stays the same however many there are."""
    if form not in ("csv", "ndjson"):
        raise Invalid("format_unknown", f"There is no format {form!r}.", field="--format", remedy="csv or ndjson")
    asked = Asked(_MODES[mode], q, search)
    written = asyncio.run(_write(object_type, cast("Form", form), asked, output, organisation))
    if output:
        Console(stderr=True, highlight=False).print(f"{written:,} bytes in {output}", soft_wrap=True)


async def _write(object_type: str, form: Form, asked: Asked, output: Path | None, organisation: str | None) -> int:
    async with open_house(read()) as house:
        caller = Principal.system(await chosen(house, organisation), "tillwright export")
        pieces = await house.library.export(caller, object_type, form, asked)
        if output is None:
            return await _into(sys.stdout.buffer, pieces)
        # A file takes its name when it is whole: a broken one is not taken for it.
        part = output.with_name(output.name + ".part")
        with part.open("wb") as out:
            written = await _into(out, pieces)
        part.replace(output)
        return written


async def _into(out: BinaryIO, pieces: AsyncIterator[bytes]) -> int:
    written = 0
    async for piece in pieces:
        written += out.write(piece)
    out.flush()
    return written
