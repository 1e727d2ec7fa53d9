"""`tillwright backup` and `tillwright restore`: everything but the keys, in one file, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tillwright.doors.cli.choice import AsJson
from tillwright.gateways.database import dumps
from tillwright.settings import read
from tillwright.wiring import open_house, owner_url

File = Annotated[Path, typer.Argument(help="The backup.")]


def backup(file: File, as_json: AsJson = False) -> None:
    """Write the whole database as of one moment into a file, while everything runs; the master key is not in it."""
    settings = read()
    with owner_url(settings) as url:
        dumps.dump(url, file)
    size = file.stat().st_size
    if as_json:
        print(orjson.dumps({"file": str(file), "bytes": size}).decode())
        return
    print(f"{file}: {size:,} bytes.")
    print(f"Keep the master key apart from it, with the list of deletions beside it: {settings.key_file.parent}")


def restore(file: File, as_json: AsJson = False) -> None:
    """Fill an empty database from a backup, with nothing else running; what was deleted since is deleted again."""
    settings = read()

    async def check() -> tuple[int, int]:
        async with open_house(settings) as house:
            unknown = sum(holding.values for holding in await house.custody.holdings() if not holding.known)
            return len(await house.tenancy.organisation_ids()), unknown

    with owner_url(settings) as url:
        dumps.restore(url, file)
        organisations, unknown = asyncio.run(check())
    if as_json:
        print(orjson.dumps({"organisations": organisations, "sealedWithKeysNotHere": unknown}).decode())
    else:
        print(f"Restored: {organisations} organisation{'' if organisations == 1 else 's'}.")
        if unknown:
            print(f"{unknown} secrets are sealed with a master key that is not here: bring it, then `tillwright keys`.")
    if unknown:
        raise typer.Exit(1)
