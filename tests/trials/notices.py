"""Quiet hours and daily mails at 2,000,000 random moments of every zone; renewals; and 200 kills of two notifiers."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from tests.conftest import START, of_database
from tests.domains.entitlements.series import ZONES, zone
from tests.domains.entitlements.test_renew_soon import lives
from tests.domains.notifications.hours import check
from tests.domains.notifications.killing import trial
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.kit.seal import Secret

CASES = int(os.environ.get("NOTICES_CASES", "2000000"))
KILLS = int(os.environ.get("NOTICES_KILLS", "200"))
SEED = int(os.environ.get("NOTICES_SEED", "1"))
CHUNK = 20_000


def chunk(seed: int) -> tuple[int, int]:
    """One part: half of it moments in any zone, over ten years; half of it lives of renewals."""
    dice = random.Random(seed)
    for _ in range(CHUNK // 2):
        where: ZoneInfo = zone(dice.choice(ZONES))
        check(dice, where, days=3650)
    return CHUNK, lives(dice, CHUNK // 2)


def kills() -> tuple[int, int]:
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
            return trial(url, "org_trial", START, kills=KILLS, seed=SEED)
        finally:
            server.stop()


def main() -> None:
    seeds = range(SEED * 1_000_000, SEED * 1_000_000 + math.ceil(CASES / CHUNK))
    done = told = 0
    with multiprocessing.Pool() as pool:
        for count, renewals in pool.imap_unordered(chunk, seeds):
            done, told = done + count, told + renewals
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {done} cases, {told} renewals told of, each once", flush=True)
    arrived, doubled = kills()
    print(f"{arrived} copies over {KILLS} kills of two notifiers, {doubled} of them twice, none missing", flush=True)


if __name__ == "__main__":
    main()
