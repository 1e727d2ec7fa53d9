"""How fast does a backfill read, beside what Stripe allows and a peer from npm? `--seconds` of reading at the limit.

Everything runs against one server that gives pages rendered beforehand, 100 ms after they were asked for, under
Stripe's own limits: 25 requests a second a list, 100 a live account. The limit is what these allow, 100 objects a page;
a client that only reads the bytes shows that the server gives it. What this machine allows is less where its cores are
too few: the processor seconds of that client, of its server and of one COPY into the mirror's own table are measured
too, and the cores divided by them are the most that any program could reach here.
The peers are `@supabase/stripe-sync-engine` as published, on the same PostgreSQL, and from PyPI `tap-stripe` and
`airbyte-source-stripe`, which only write what they read to a file; one that can't be run is named with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
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
from psycopg.types.json import Jsonb

from bench import _cpu
from bench.peers import npm, pip
from bench.peers.npm import PEER
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.backfill import store as backfills
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import Limiter, NoLimits, SharedLimits
from tillwright.gateways.stripe.live import LiveReader
from tillwright.kit import collector
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright.wiring import bring_up_to_date
from tillwright_sandbox.bulk import NEWEST, STEP, List

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
        collector.settle()  # as a worker does
        yield Mirror(clock=clock, database=database, keys=OneKey(), reader=reader), database
        await reader.close()


async def ours(
    owner: str, folder: Path, name: str, url: str, lists: list[str], objects: int, *, limits: bool
) -> dict[str, float]:
    """Read the lists to their end; rate, CPU milliseconds an object (ours, PostgreSQL's), requests to the fewest."""
    async with mirror(owner, name, url, limits) as (made, database):
        async with database.tenant("org_bench") as tx:
            kinds = [BY_OBJECT[LISTS[each]] for each in lists]
            await backfills.start(tx, "org_bench", True, kinds, datetime.now(UTC), again=False)
        server, before, began = _cpu.postgres(folder), _cpu.own(), time.perf_counter()
        pages = 0
        while read := await made.backfill_step():
            pages += read
        seconds, used = time.perf_counter() - began, _cpu.own() - before
        server = _cpu.postgres(folder) - server
        async with database.tenant("org_bench") as tx:
            counts = await made.counts(tx, livemode=True)
        done = sum(count.present for count in counts.values())
        assert done == objects * len(lists), f"{done} objects of {objects * len(lists)}"
        return {
            "rate": done / seconds, "cpu": used / done * 1000, "server": server / done * 1000,
            "requests": pages / (len(lists) * -(-objects // 100)), "seconds": seconds,
        }  # fmt: skip


def bare(url: str, lists: list[str], objects: int, *options: str) -> dict[str, float]:
    """The client that only reads; its rate, CPU milliseconds an object, and requests refused."""
    command = [sys.executable, "-m", "bench.peers.bare", url, ",".join(lists), str(objects), *options]
    took = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert took["objects"] == objects * len(lists)
    return {
        "rate": took["objects"] / took["seconds"], "cpu": took["cpu"] / took["objects"] * 1000,
        "refused": took["refused"],
    }  # fmt: skip


def copied(owner: str, folder: Path, objects: int) -> dict[str, float]:
    """Rows made beforehand, copied into the mirror's own table on one connection: CPU milliseconds an object."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("create database copied")
    address = owner.replace("/postgres?", "/copied?")
    bring_up_to_date(Secret(address))
    at = datetime.now(UTC)
    texts = bytes(List("charges", objects, True).rows).replace(b'},{"id"', b'}\n{"id"').split(b"\n")
    rows = [("org_bench", True, "charge", f"ch_{n}", at, f"ch_{n}", b"", Jsonb(t, dumps=bytes))
            for n, t in enumerate(texts)]  # fmt: skip
    with psycopg.connect(address, options="-c search_path=tillwright") as connection:
        connection.execute("insert into organisations values ('org_bench', 'Bench', 'UTC', now())")
        connection.commit()
        server, before, began = _cpu.postgres(folder), _cpu.own(), time.perf_counter()
        for start in range(0, objects, 1600):
            with connection.cursor() as cursor, cursor.copy(
                "copy mirror_objects (organisation_id, livemode, object, id, created, search, digest, body) from stdin "
                "(format binary)"
            ) as copy:  # fmt: skip
                copy.set_types(("text", "bool", "text", "text", "timestamptz", "text", "bytea", "jsonb"))
                for row in rows[start : start + 1600]:
                    copy.write_row(row)
            connection.commit()
        seconds = time.perf_counter() - began
    used, server = _cpu.own() - before, _cpu.postgres(folder) - server
    return {"rate": objects / seconds, "cpu": used / objects * 1000, "server": server / objects * 1000}


def peer(owner: str, url: str, lists: list[str], objects: int) -> dict[str, float] | str:
    """The peer's rate and CPU milliseconds an object, or why it could not be run; one list after another."""
    found = npm.command()
    if isinstance(found, str):
        return found
    start, folder = found
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("drop database if exists peer")
        connection.execute("create database peer")
    host, port = url.removeprefix("http://").split(":")
    command = [*start, host, port, peer_url(owner), "", ",".join(LISTS[each] for each in lists)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        return "it failed: " + " ".join((done.stderr or done.stdout).split())[:300]
    took = json.loads(done.stdout.strip().splitlines()[-1])
    with psycopg.connect(owner.replace("/postgres?", "/peer?")) as connection:
        kept = 0
        for each in lists:
            row = connection.execute(f"select count(*) from stripe.{each}").fetchone()  # type: ignore[arg-type]
            assert row is not None
            kept += row[0]
    if kept != objects * len(lists):
        return f"it kept {kept} of {objects * len(lists)} objects"
    return {"rate": kept / took["seconds"], "cpu": took["cpu"] / kept * 1000}


def peer_url(owner: str) -> str:
    """node-postgres names a socket's folder in the host parameter, as libpq does."""
    return owner.replace("/postgres?", "/peer?")


async def measure(owner: str, folder: Path, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    one, account = round(2500 * seconds), round(2000 * seconds)
    lists = list(LISTS)
    with stripe("--objects", str(one)) as url:
        found["one"] = await ours(owner, folder, "one", url, ["charges"], one, limits=True)
    with stripe("--objects", str(account), "--lists", ",".join(LISTS)) as url:
        found["account"] = await ours(owner, folder, "account", url, lists, account, limits=True)
        async with httpx.AsyncClient() as client:
            found["refused"] = (await client.get(f"{url}/_bulk")).json()["refused"]
    few = 10_000
    with stripe("--objects", str(few), "--lists", ",".join(LISTS)) as url:
        found["bare one"] = await asyncio.to_thread(bare, url, ["charges"], few)
        await asyncio.sleep(1.1)  # the server's own budgets fill up again
        found["bare account"] = await asyncio.to_thread(bare, url, lists, few)
    with stripe("--objects", str(few), "--lists", ",".join(LISTS), "--no-limits") as url:
        found["bare"] = await asyncio.to_thread(bare, url, lists, few, "--no-limits")
        async with httpx.AsyncClient() as client:
            served = (await client.get(f"{url}/_bulk")).json()
        found["bare"]["server"] = served["cpu"] / served["objects"] * 1000
    found["copy"] = await asyncio.to_thread(copied, owner, folder, few)
    small = 10_000
    with stripe("--objects", str(small), "--latency", "0.01", "--no-limits") as url:
        found["small"] = await ours(owner, folder, "small", url, ["charges"], small, limits=False)
    with stripe("--objects", str(small * 10), "--latency", "0.01", "--no-limits") as url:
        found["large"] = await ours(owner, folder, "large", url, ["charges"], small * 10, limits=False)
    size = round(100 * seconds)
    with stripe("--objects", str(size)) as url:
        found["peer"] = await asyncio.to_thread(peer, owner, url, ["charges"], size)
    with stripe("--objects", str(size // 2), "--lists", ",".join(LISTS)) as url:
        found["peer account"] = await asyncio.to_thread(peer, owner, url, lists, size // 2)
    since = datetime.fromtimestamp(NEWEST - size * STEP, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in pip.PEERS:
        with stripe("--objects", str(size)) as url:
            found[name] = await asyncio.to_thread(pip.read, name, url, size, folder, since, seconds + 30)
    return found


def report(found: dict[str, Any]) -> None:
    cores = os.cpu_count() or 1
    print(f"Objects a second, {cores} cores, {platform.machine()}, Python {platform.python_version()}, 100 ms\n")
    print(f"{'':44}{'objects/s':>10}{'of the limit':>14}{'CPU ms/object':>15}{'PostgreSQL':>12}{'requests':>10}")
    for name, key, limit in [
        ("bytes only, one list", "bare one", 2500),
        ("bytes only, five lists of a live account", "bare account", 10_000),
        ("ours, one list", "one", 2500),
        ("ours, five lists of a live account", "account", 10_000),
    ]:
        row = found[key]
        more = f"{row['server']:>12.3f}{row['requests']:>9.2f}×" if "requests" in row else ""
        print(f"{name:44}{row['rate']:>10,.0f}{row['rate'] / limit:>13.0%}{row['cpu']:>15.3f}{more}")
    rival = found["peer"]
    if isinstance(rival, str):
        print(f"{PEER:44} not run: {rival}")
    else:
        print(f"{PEER:44}{rival['rate']:>10,.0f}{rival['rate'] / 2500:>13.0%}{rival['cpu']:>15.3f}")
    both = found["peer account"]
    if not isinstance(both, str):
        print(f"{PEER + ', five lists':44}{both['rate']:>10,.0f}{both['rate'] / 10_000:>13.0%}{both['cpu']:>15.3f}")
    peers = {PEER: rival if isinstance(rival, str) else rival["rate"]} | {name: found[name] for name in pip.PEERS}
    for name in pip.PEERS:
        rate = peers[name]
        told = f" not run: {rate}" if isinstance(rate, str) else f"{rate:>10,.0f}{rate / 2500:>13.0%}"
        print(f"{name + ', to a file':44}{told}")
    read, copy = found["bare"], found["copy"]
    bound = cores * 1000 / (read["cpu"] + read["server"] + copy["cpu"] + copy["server"])
    small, large = (found[key]["cpu"] + found[key]["server"] for key in ("small", "large"))
    growth = large / small
    print(f"\nWithout limits the server gives {read['rate']:,.0f} objects/s to the client that only reads.")
    print(f"A bare COPY takes {copy['cpu']:.3f} ms an object of the client, {copy['server']:.3f} ms "
          f"of PostgreSQL:\nno program brings more than {bound:,.0f} objects/s onto {cores} cores.")  # fmt: skip
    print(f"Refused for our rate: {found['refused']}. Without limits: {found['large']['rate']:,.0f} objects/s.")
    print(f"CPU an object with PostgreSQL's, at 10,000 and 100,000 objects: {small:.3f} and {large:.3f} ms "
          f"({growth:.2f}×).\n")  # fmt: skip
    ratio = found["one"]["rate"] / 2500
    whole = found["account"]["rate"] / 10_000
    best = max((rate for rate in peers.values() if not isinstance(rate, str)), default=None)
    times = None if best is None else found["one"]["rate"] / best
    # Each peer reads one list after another, as the sources say: of several lists it brings what it does of one.
    most = None if best is None else found["account"]["rate"] / max(best, 0 if isinstance(both, str) else both["rate"])
    line = {
        "bench": "backfill", "unit": "objects/s", "ours": round(found["one"]["rate"]),
        "peer": {name: rate if isinstance(rate, str) else round(rate) for name, rate in peers.items()}, "limit": 2500,
        "ours_to_limit": round(ratio, 3), "ours_to_best_peer": times and round(times, 2),
        "account_to_best_peer": most and round(most, 2),
        "account": round(found["account"]["rate"]), "account_to_limit": round(whole, 3),
        "account_to_bound_of_this_machine": round(found["account"]["rate"] / min(10_000, bound), 3),
        "cpu_ms_an_object": round(found["account"]["cpu"], 3), "growth": round(growth, 2),
        "requests_to_fewest": round(found["one"]["requests"], 3),
        "goal": f"to limit >= {GOAL_LIMIT}, account to peer >= {GOAL_PEER}, cpu <= {GOAL_CPU} ms, growth <= 1.2",
        "met": min(ratio, whole) >= GOAL_LIMIT and (most is None or most >= GOAL_PEER)
        and found["account"]["cpu"] <= GOAL_CPU and growth <= 1.2,
    }  # fmt: skip
    print(json.dumps(line))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        try:
            found = uvloop.run(measure(server.url, Path(folder), given.seconds))
        finally:
            server.stop()
    report(found)


if __name__ == "__main__":
    main()
