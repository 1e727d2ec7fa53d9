"""`kill -9` at every numbered point of connecting, changing a key, switching, deleting and sealing anew.

After each death a worker settles what it left; then nothing is unreadable, no endpoint is an orphan at Stripe, the
trail is whole, and the work is done again to its end. `python -m tests.trials.kills 7 switch` takes every seventh point
of one kind of work.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.kills.aftermath import begin, dying, kill
from tests.sandbox.conftest import serve_world
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import bring_up_to_date
from tillwright_sandbox.world import make_world

WORKS = ("connect", "rotate", "switch", "delete", "reseal")


async def trial(url: str, folder: Path, every: int, works: tuple[str, ...]) -> int:
    """Returns how many deaths there were; raises at the first that left something wrong."""
    deaths = 0
    world = make_world()
    world.limits.enabled = False
    for sandbox in serve_world(world):
        environment = {
            "TILLWRIGHT_DATA": str(folder / "data"),
            "TILLWRIGHT_DATABASE_URL": url,
            "TILLWRIGHT_STRIPE_API_BASE": sandbox.url,
            "TILLWRIGHT_STRIPE_CONNECT_BASE": sandbox.url,
            "TILLWRIGHT_PUBLIC_URL": "http://127.0.0.1:8420",
        }
        async with Database(Secret(url)) as database:
            clock = ManualClock(datetime(2027, 1, 15, 12, tzinfo=UTC))
            with dying(environment) as process:
                life = await begin(read(environment), database, clock, sandbox, process)
                for work in works:
                    at, before = 1, deaths
                    while await kill(life, work, at):
                        deaths += 1
                        at += every
                    print(f"{work}: {deaths - before} deaths, over before point {at}", flush=True)
            await life.house.reader.close()
            await life.house.writer.close()
    return deaths


if __name__ == "__main__":
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    chosen = tuple(sys.argv[2:]) or WORKS
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="tillwright-kills-"))
    server = EmbeddedServer(folder / "postgres")
    try:
        bring_up_to_date(Secret(server.url))
        deaths = asyncio.run(trial(server.url, folder, every, chosen))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{deaths} deaths, nothing left wrong, {time.monotonic() - began:.0f} s")
