"""How fast does a backfill read, beside what Stripe allows and a peer from npm? `--seconds` of reading at the limit.

Everything runs against one server that gives pages rendered beforehand, 100 ms after they were asked for, under
Stripe's own limits: 25 requests a second a list, 100 a live account. The limit is what these allow, 100 objects a page.
The peer is `@supabase/stripe-sync-engine` as published, on the same PostgreSQL; without npm the reason is named.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import uvloop

from bench.peers import npm
from bench.peers.npm import PEER
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.backfill import store as backfills
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import Limiter, NoLimits, SharedLimits
from tillwright.gateways.stripe.live import LiveReader
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright.wiring import bring_up_to_date

LISTS = {"charges": "charge", "customers": "customer", "payment_intents": "payment_intent", "invoices": "invoice",
         "refunds": "refund"}  # fmt: skip
GOAL_LIMIT, GOAL_PEER, GOAL_CPU = 0.9, 5.0, 0.1


class OneKey:
    async def access(self, organisation_id: str, *, livemode: bool | None = None, why: str = "") -> Access:
        return Access(organisation_id, Secret("sk_live_bulk"), True, "acct_bulk")


@contextlib.contextmanager
def stripe(*options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tillwright_sandbox.bulk", "--live", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[1]
    finally:
        server.terminate()
        server.wait(10)


@contextlib.asynccontextmanager
async def mirror(owner: str, name: str, url: str, limits: bool) -> AsyncIterator[tuple[Mirror, Database]]:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')  # type: ignore[arg-type]
    address = Secret(owner.replace("/postgres?", f"/{name}?"))
    bring_up_to_date(address)
    async with Database(address, size=12) as database:
        clock = SystemClock()
        async with database.tenant("org_bench") as tx:
            await tx.execute("insert into organisations values ('org_bench', 'Bench', 'UTC', now())")
        limiter: Limiter = SharedLimits(database, clock) if limits else NoLimits()
        reader = LiveReader(url, limits=limiter, clock=clock)
        yield Mirror(clock=clock, database=database, keys=OneKey(), reader=reader), database
        await reader.close()


async def ours(owner: str, name: str, url: str, lists: list[str], objects: int, *, limits: bool) -> dict[str, float]:
    """Read the lists to their end; rate, CPU milliseconds an object of our process, and requests to the fewest."""
    async with mirror(owner, name, url, limits) as (made, database):
        async with database.tenant("org_bench") as tx:
            kinds = [BY_OBJECT[LISTS[each]] for each in lists]
            await backfills.start(tx, "org_bench", True, kinds, datetime.now(UTC), again=False)
        before, began = cpu(), time.perf_counter()
        pages = 0
        while read := await made.backfill_step():
            pages += read
        seconds = time.perf_counter() - began
        async with database.tenant("org_bench") as tx:
            counts = await made.counts(tx, livemode=True)
        done = sum(count.present for count in counts.values())
        assert done == objects * len(lists), f"{done} objects of {objects * len(lists)}"
        return {
            "rate": done / seconds, "cpu": (cpu() - before) / done * 1000,
            "requests": pages / (len(lists) * -(-objects // 100)), "seconds": seconds,
        }  # fmt: skip


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peer(owner: str, url: str, objects: int) -> dict[str, float] | str:
    """The peer's rate and CPU milliseconds an object, or why it could not be run."""
    found = npm.command()
    if isinstance(found, str):
        return found
    start, folder = found
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("create database peer")
    host, port = url.removeprefix("http://").split(":")
    command = [*start, host, port, peer_url(owner)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        return "it failed: " + " ".join((done.stderr or done.stdout).split())[:300]
    took = json.loads(done.stdout.strip().splitlines()[-1])
    with psycopg.connect(owner.replace("/postgres?", "/peer?")) as connection:
        row = connection.execute("select count(*) from stripe.charges").fetchone()
    assert row is not None
    if row[0] != objects:
        return f"it kept {row[0]} of {objects} objects"
    return {"rate": objects / took["seconds"], "cpu": took["cpu"] / objects * 1000}


def peer_url(owner: str) -> str:
    """node-postgres names a socket's folder in the host parameter, as libpq does."""
    return owner.replace("/postgres?", "/peer?")


async def measure(owner: str, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    one, account = round(2500 * seconds), round(2000 * seconds)
    with stripe("--objects", str(one)) as url:
        found["one"] = await ours(owner, "one", url, ["charges"], one, limits=True)
    with stripe("--objects", str(account), "--lists", ",".join(LISTS)) as url:
        found["account"] = await ours(owner, "account", url, list(LISTS), account, limits=True)
        async with httpx.AsyncClient() as client:
            found["refused"] = (await client.get(f"{url}/_bulk")).json()["refused"]
    small = 10_000
    with stripe("--objects", str(small), "--latency", "0.01", "--no-limits") as url:
        found["small"] = await ours(owner, "small", url, ["charges"], small, limits=False)
    with stripe("--objects", str(small * 10), "--latency", "0.01", "--no-limits") as url:
        found["large"] = await ours(owner, "large", url, ["charges"], small * 10, limits=False)
    size = round(300 * seconds)
    with stripe("--objects", str(size)) as url:
        found["peer"] = await asyncio.to_thread(peer, owner, url, size)
    return found


def report(found: dict[str, Any]) -> None:
    print(
        f"Objects a second, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, 100 ms\n"
    )
    print(f"{'':44}{'objects/s':>10}{'of the limit':>14}{'CPU ms/object':>15}{'requests':>10}")
    for name, key, limit in [
        ("ours, one list", "one", 2500),
        ("ours, five lists of a live account", "account", 10_000),
    ]:
        row = found[key]
        print(f"{name:44}{row['rate']:>10,.0f}{row['rate'] / limit:>13.0%}{row['cpu']:>15.3f}{row['requests']:>9.2f}×")
    rival = found["peer"]
    if isinstance(rival, str):
        print(f"{PEER:44} not run: {rival}")
    else:
        print(f"{PEER:44}{rival['rate']:>10,.0f}{rival['rate'] / 2500:>13.0%}{rival['cpu']:>15.3f}")
    growth = found["large"]["cpu"] / found["small"]["cpu"]
    print(f"\nRefused for our rate (429): {found['refused']}. Without limits: {found['large']['rate']:,.0f} objects/s.")
    print(f"CPU an object at 10,000 and 100,000 objects: {found['small']['cpu']:.3f} and {found['large']['cpu']:.3f} ms"
          f" ({growth:.2f}×).\n")  # fmt: skip
    ratio = found["one"]["rate"] / 2500
    whole = found["account"]["rate"] / 10_000
    times = None if isinstance(rival, str) else found["one"]["rate"] / rival["rate"]
    line = {
        "bench": "backfill", "unit": "objects/s", "ours": round(found["one"]["rate"]),
        "peer": {PEER: rival if isinstance(rival, str) else round(rival["rate"])}, "limit": 2500,
        "ours_to_limit": round(ratio, 3), "ours_to_best_peer": times and round(times, 2),
        "account": round(found["account"]["rate"]), "account_to_limit": round(whole, 3),
        "cpu_ms_an_object": round(found["account"]["cpu"], 3), "growth": round(growth, 2),
        "requests_to_fewest": round(found["one"]["requests"], 3),
        "goal": f"to limit >= {GOAL_LIMIT}, to peer >= {GOAL_PEER}, cpu <= {GOAL_CPU} ms, growth <= 1.2",
        "met": min(ratio, whole) >= GOAL_LIMIT and (times is None or times >= GOAL_PEER)
        and found["account"]["cpu"] <= GOAL_CPU and growth <= 1.2,
    }  # fmt: skip
    print(json.dumps(line))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=30.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        try:
            found = uvloop.run(measure(server.url, given.seconds))
        finally:
            server.stop()
    report(found)


if __name__ == "__main__":
    main()
