"""A process that reads a list of 40,000 objects is killed (-9) again and again; the next one goes on where it was.

python -m tests.trials.killed_backfill [KILLS]     # 40 if not said; SEED=… repeats the moments

Afterwards every object is there once, and Stripe was asked for hardly more than the pages there are: a tenth for the
ranges, and for each kill the pages that were in flight.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.trials import _bulk
from tillwright.domains.mirror.backfill import plan, store
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.seal import Secret

OBJECTS = 40_000


async def read(address: str, url: str) -> None:
    """What the process does that is killed."""
    async with Database(Secret(address), size=8) as database, _bulk.mirror(database, url) as made:
        print("reading", flush=True)
        while await made.backfill_step():
            pass


async def start(address: Secret) -> None:
    async with Database(address) as database, database.tenant(_bulk.ORGANISATION) as tx:
        await store.start(tx, _bulk.ORGANISATION, True, [BY_OBJECT["charge"]], datetime.now(UTC), again=False)


def free_leases(address: Secret) -> None:
    """A dead reader's range is free once its lease ran out; the trial does not wait for that."""
    with psycopg.connect(address.reveal(), options="-c search_path=tillwright") as owner:
        owner.execute("update mirror_ranges set leased_until = now() where leased_until is not null")


def state(address: Secret) -> tuple[int, int, str]:
    with psycopg.connect(address.reveal(), options="-c search_path=tillwright") as owner:
        kept = owner.execute("select count(*), count(distinct id) from mirror_objects").fetchone()
        list_of = owner.execute("select state, done from mirror_backfills").fetchone()
    assert kept is not None
    assert list_of is not None
    assert kept[0] == kept[1]
    return kept[0], list_of[1], list_of[0]


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"SEED={seed}", flush=True)
    dice, killed = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        try:
            address = _bulk.prepare(server.url, Path(folder))
            asyncio.run(start(address))
            with _bulk.stripe("--objects", str(OBJECTS), "--latency", "0.05") as url:
                while state(address)[2] != "DONE":
                    command = [sys.executable, "-m", "tests.trials.killed_backfill", "--read", address.reveal(), url]
                    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                    assert reader.stdout is not None
                    reader.stdout.readline()
                    if killed < kills:
                        time.sleep(dice.random() * 2)
                        reader.send_signal(signal.SIGKILL)
                        killed += reader.wait() == -signal.SIGKILL
                        free_leases(address)
                    assert killed >= kills or reader.returncode in (None, 0, -signal.SIGKILL)
                    reader.wait()
                kept, done, _ = state(address)
                gets = _bulk.told(url)["gets"]
        finally:
            server.stop()
    pages = OBJECTS // 100
    most = round(pages * 1.1) + killed * plan.AT_ONCE
    print(f"{killed} kills: {kept} of {OBJECTS} objects, {done} rows noted; {gets} requests, at most {most} allowed")
    return int(not (kept == OBJECTS == done and gets <= most))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        asyncio.run(read(*sys.argv[2:]))
        sys.exit()
    sys.exit(main())
