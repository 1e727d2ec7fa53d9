"""`tillwright backup` and `tillwright restore`: everything but the keys, in one file, and back."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tillwright.domains.billing.model import KEY_LIFE
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson
from tillwright.gateways.database import dumps
from tillwright.settings import Settings, read
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


_STOPPED = (
    "The backup is older than Stripe remembers idempotency keys, so what was done since could be done twice: the stop\n"
    "switch of every organisation is on. Look through the runs that wait, cancel those that Stripe shows as done, and\n"
    "release the switch on the Workflows page."
)


def restore(file: File, as_json: AsJson = False) -> None:
    """Fill an empty database from a backup, with nothing else running; what was deleted since is deleted again."""
    settings = read()
    with owner_url(settings) as url:
        dumps.restore(url, file)
        organisations, unknown, stopped = asyncio.run(_look_over(settings, dumps.made(file)))
    if as_json:
        said = {"organisations": organisations, "sealedWithKeysNotHere": unknown, "automationStopped": stopped}
        print(orjson.dumps(said).decode())
    else:
        print(f"Restored: {organisations} organisation{'' if organisations == 1 else 's'}.")
        if stopped:
            print(_STOPPED)
        if unknown:
            print(f"{unknown} secrets are sealed with a master key that is not here: bring it, then `tillwright keys`.")
    if unknown:
        raise typer.Exit(1)


async def _look_over(settings: Settings, made: datetime) -> tuple[int, int, bool]:
    """(how many organisations, how many secrets that cannot be opened, whether automation was stopped)."""
    async with open_house(settings) as house:
        organisations = await house.tenancy.organisation_ids()
        stop = house.clock.now() - made > KEY_LIFE
        for organisation_id in organisations if stop else ():
            await house.automation.stop_switch.stop(Principal.system(organisation_id, "tillwright restore"))
        unknown = sum(holding.values for holding in await house.custody.holdings() if not holding.known)
        return len(organisations), unknown, stop
