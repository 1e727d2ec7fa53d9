"""The end-soon schedule, 5,000,000 cases on every processor; and 200 kills of two sweeping processes."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import tempfile
from pathlib import Path

import psycopg

from tests.conftest import START, of_database
from tests.domains.entitlements.killing import trial
from tests.domains.entitlements.series import ZONES, awkward_end, life, punctual
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.kit.seal import Secret

CASES = int(os.environ.get("END_SOON_CASES", "5000000"))
KILLS = int(os.environ.get("END_SOON_KILLS", "200"))
SEED = int(os.environ.get("END_SOON_SEED", "1"))
CHUNK = 50_000


def chunk(seed: int) -> int:
    """One part of the cases: two thirds lives with outages and edits, one third whole series."""
    dice = random.Random(seed)
    for number in range(CHUNK):
        if number % 3:
            life(dice)
        else:
            days, name = dice.randint(10, 60), dice.choice(ZONES)
            end = awkward_end(dice)
            assert len(punctual(days, name, end)) == math.ceil(days / 5), (seed, days, name, end)
    return CHUNK


def kills() -> int:
    with tempfile.TemporaryDirectory(prefix="tillwright-trial-") as folder:
        os.chmod(folder, 0o755)  # as root the server runs as another user
        server = EmbeddedServer(Path(folder) / "pg")
        try:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("create database trial")
            url = of_database(server.url, "trial")
            migrate(Secret(url))
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "insert into tillwright.organisations (id, name, created) values ('org_trial', 'Trial', %s)",
                    (START,),
                )
            return trial(url, "org_trial", START, kills=KILLS, count=60, seed=SEED)
        finally:
            server.stop()


def main() -> None:
    seeds = range(SEED * 1_000_000, SEED * 1_000_000 + math.ceil(CASES / CHUNK))
    done = 0
    with multiprocessing.Pool() as pool:
        for count in pool.imap_unordered(chunk, seeds):
            done += count
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {done} cases, none missed, none doubled", flush=True)
    print(f"{kills()} notices over {KILLS} kills of two sweepers, each once", flush=True)


if __name__ == "__main__":
    main()
