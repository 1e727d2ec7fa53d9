"""`tillwright export`: a type of Stripe's objects as a CSV or NDJSON file, streamed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import typer
from rich.console import Console

from tillwright.domains.mirror.library.service import Asked, Form
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import Organisation, chosen
from tillwright.kit.errors import Invalid, TillwrightError
from tillwright.settings import read
from tillwright.wiring import open_house

_HERE = {"q": "--filter", "objectType": "TYPE"}
"""What a field is called here, where the verb's own name is another."""
_NOBODY_READS = 141
"""The exit code of a program whose reader went away, as a shell counts it."""


def run(
    object_type: Annotated[str, typer.Argument(help="Such as customer, payment_intent, invoice.", metavar="TYPE")],
    form: Annotated[Form, typer.Option("--format", help="ndjson has the objects as Stripe sent them.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="Where to; standard output if left out.")] = None,
    q: Annotated[str | None, typer.Option("--filter", help='Such as (= currency "eur").')] = None,
    search: Annotated[str | None, typer.Option(help="Part of an id, a name or a mail address.")] = None,
    mode: Annotated[Literal["test", "live"] | None, typer.Option(help="The connected one if left out.")] = None,
    organisation: Organisation = None,
) -> None:
    """Write every object of a type to a file, newest first; memory stays the same however many there are."""
    asked = Asked(None if mode is None else mode == "live", q, search)
    try:
        written = asyncio.run(_write(object_type, form, asked, output, organisation))
    except BrokenPipeError:
        # `| head` has what it wanted; nothing is to be said, not even by the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_NOBODY_READS) from None
    except TillwrightError as error:
        error.field = _HERE.get(error.field or "", error.field)
        raise
    if output:
        Console(stderr=True, highlight=False).print(f"{written:,} bytes in {output}", soft_wrap=True, markup=False)


async def _write(object_type: str, form: Form, asked: Asked, output: Path | None, organisation: str | None) -> int:
    with _opened(output) as out:  # before anything is asked of the database, and noted in the audit trail
        async with open_house(read()) as house:
            caller = Principal.system(await chosen(house, organisation), "tillwright export")
            pieces = await house.library.export(caller, object_type, form, asked)
            return await _into(out, pieces)


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """A file takes its name when it is whole: a broken one is not taken for it, and is not left behind.

    Raises:
        Invalid: nothing can be written there.
    """
    if output is None:
        yield sys.stdout.buffer
        return
    if output.is_dir():
        raise _unwritable(output, "it is a folder")
    part = output.with_name(output.name + ".part")
    try:
        out = part.open("wb")
    except OSError as error:
        raise _unwritable(output, error) from None
    try:
        with out:
            yield out
        part.replace(output)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


async def _into(out: BinaryIO, pieces: AsyncGenerator[bytes]) -> int:
    written = 0
    async with aclosing(pieces) as each:
        async for piece in each:
            try:
                written += out.write(piece)
                out.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise _unwritable(out.name, error) from None
    return written


def _unwritable(place: Path | str, why: OSError | str) -> Invalid:
    said = why if isinstance(why, str) else (why.strerror or str(why)).lower()
    return Invalid(
        "output_unwritable",
        f"{place} can't be written: {said}.",
        field="--output",
        remedy="Name a file in a folder that is there and has room.",
    )
