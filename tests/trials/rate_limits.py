"""Two processes read five lists of one account at saturation while a person asks too: nobody is refused for our rate.

python -m tests.trials.rate_limits [SECONDS]     # 60 if not said; the long run is 1800

Of what the account allows at least 90 % must be used, at most one answer in a thousand may be a 429, and no interactive
request may wait more than three seconds. The first of these wants a machine that is not busy with other work.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.trials import _bulk
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.gateways.stripe.live import LiveReader
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret

LISTS = ("charges", "customers", "payment_intents", "invoices", "refunds")
ALLOWED = 100.0


async def read(address: str, url: str, seconds: str) -> None:
    """A worker: twelve readers of small pages, as many as the budget gives."""
    clock, ends = SystemClock(), time.monotonic() + float(seconds)
    async with Database(Secret(address), size=8) as database:
        reader = LiveReader(url, limits=SharedLimits(database, clock), clock=clock)

        async def one(name: str) -> None:
            while time.monotonic() < ends:
                await reader.get(_bulk.ACCESS, f"/v1/{name}", {"limit": 1}, lane="bulk")

        await asyncio.gather(*(one(name) for name in LISTS for _ in range(4)))
        await reader.close()


async def ask(address: Secret, url: str, seconds: float) -> list[float]:
    """A person: a request a second; how long each took, the wait for the budget included."""
    clock, ends = SystemClock(), time.monotonic() + seconds
    waits: list[float] = []
    async with Database(address, size=2) as database:
        reader = LiveReader(url, limits=SharedLimits(database, clock), clock=clock)
        while time.monotonic() < ends:
            began = time.monotonic()
            await reader.get(_bulk.ACCESS, "/v1/customers", {"limit": 1})
            waits.append(time.monotonic() - began)
            await asyncio.sleep(1)
        await reader.close()
    return waits


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    print(f"{datetime.now(UTC):%H:%M:%S} UTC, {seconds:g} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        try:
            address = _bulk.prepare(server.url, Path(folder))
            with _bulk.stripe("--objects", "1000", "--lists", ",".join(LISTS), "--latency", "0.05") as url:
                command = [sys.executable, "-m", "tests.trials.rate_limits", "--read", address.reveal(), url]
                workers = [subprocess.Popen([*command, str(seconds)]) for _ in range(2)]
                time.sleep(2)
                before, began = _bulk.told(url), time.monotonic()
                waits = asyncio.run(ask(address, url, seconds - 5))
                took, after = time.monotonic() - began, _bulk.told(url)
                codes = [worker.wait() for worker in workers]
        finally:
            server.stop()
    gets, refused = after["gets"] - before["gets"], after["refused"] - before["refused"]
    used = gets / took / ALLOWED
    print(f"{gets} requests in {took:.0f} s: {used:.0%} of what is allowed; {refused} refused; the longest wait of "
          f"{len(waits)} interactive requests was {max(waits):.2f} s")  # fmt: skip
    return int(any(codes) or used < 0.9 or refused > gets / 1000 or max(waits) > 3)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        asyncio.run(read(*sys.argv[2:]))
        sys.exit()
    sys.exit(main())
