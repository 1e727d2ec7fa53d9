"""How many Stripe events a second does one web process make durable? `--seconds` for each measurement.

The limit is bare group commit on the same PostgreSQL, in the same run, by as many callers as there are connections: no
HTTP, no signature, no JSON. Ours is measured twice: at the room's door inside one process, and through HTTP as Stripe
sees it; the figure that counts is the second. Its sender is a process of its own with everything signed beforehand, on
the same machine, and takes its share of the processors.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson
import psycopg
import uvicorn
import uvloop
from starlette.applications import Starlette

from bench import _cpu
from bench.peers import npm, pip
from bench.peers.npm import PEER
from tillwright.domains.webhooks import Webhooks, envelope, store
from tillwright.domains.webhooks.endpoint import store as endpoints
from tillwright.domains.webhooks.model import Arrival
from tillwright.doors.api import intake
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.group_commit import GroupCommit
from tillwright.gateways.database.migrate import migrate
from tillwright.kit import collector, ids
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import MasterKey, Seal, Secret

GOAL, GOAL_PEER = 0.5, 5.0
BATCH = 500
CONNECTIONS = 128
KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"
TOKEN, SECRET = "bench", "whsec_bench"
ORGANISATION = "org_bench"
_numbers = iter(range(1 << 40))


def event() -> bytes:
    """About 2.6 kB, as an invoice's event is, and no two alike."""
    number = next(_numbers)
    lines = [{"id": f"il_{number}_{n}", "amount": 1000 + n, "description": "Seat, monthly"} for n in range(8)]
    invoice = {
        "id": f"in_{number}", "object": "invoice", "customer": f"cus_{number % 5000}", "amount_due": 8000 + number % 97,
        "metadata": {f"key_{n}": random.randbytes(24).hex() for n in range(12)}, "lines": {"data": lines},
        "hosted_invoice_url": f"https://invoice.stripe.com/i/{random.randbytes(60).hex()}",
    }  # fmt: skip
    made = {
        "id": f"evt_{number:012d}", "object": "event", "api_version": "2026-08-26.dahlia", "type": "invoice.updated",
        "created": int(time.time()), "livemode": False, "data": {"object": invoice},
    }  # fmt: skip
    return orjson.dumps(made)


def sign(body: bytes) -> bytes:
    now = b"%d" % time.time()
    return b"t=" + now + b",v1=" + hmac.new(SECRET.encode(), now + b"." + body, hashlib.sha256).hexdigest().encode()


def web(database: Database) -> Webhooks:
    nobody: Any = None
    return Webhooks(
        clock=SystemClock(), database=database, integrations=nobody, mirror=nobody, reader=nobody, writer=nobody,
        seal=Seal([MasterKey(Secret(KEY))]), public_url="",
    )  # fmt: skip


async def prepare(database: Database) -> None:
    now = datetime.now(UTC)
    async with database.tenant(ORGANISATION) as tx:
        await tx.execute("insert into organisations (id, name, created) values (%s, 'Bench', %s)", (ORGANISATION, now))
        await endpoints.want(tx, ORGANISATION, False, None, now)
        row = await endpoints.claim(tx, ORGANISATION, False, "lease", now)
        assert row is not None
        await endpoints.activate(
            tx, row, "lease", stripe_id="we_1", url="", token=TOKEN, secret=Secret(SECRET),
            seal=Seal([MasterKey(Secret(KEY))]), at=now,
        )  # fmt: skip


async def count(database: Database) -> int:
    async with database.tenant(ORGANISATION) as tx:
        row = await (await tx.execute("select count(*) as n from stripe_events")).fetchone()
        assert row is not None
        return row["n"]


async def bare(database: Database, seconds: float, size: int) -> float:
    """Rows made beforehand; only the inserts and their commits are timed, one after the other on one connection."""
    done, spent = 0, 0.0
    while spent < seconds:
        rows = [arrival() for _ in range(size * -(-BATCH // size))]
        began = time.perf_counter()
        for start in range(0, len(rows), size):
            async with database.tenant(ORGANISATION) as tx:
                await store.insert(tx, ORGANISATION, rows[start : start + size])
        spent += time.perf_counter() - began
        done += len(rows)
    return done / spent


async def limit(database: Database, seconds: float) -> float:
    """Bare group commit by as many callers as there are connections: each hands over a row that was made beforehand."""

    async def write(rows: Sequence[Arrival]) -> Sequence[Exception | None]:
        async with database.tenant(ORGANISATION) as tx:
            await store.insert(tx, ORGANISATION, rows)
        return [None] * len(rows)

    commits: GroupCommit[Arrival, None] = GroupCommit(write)
    done, spent = 0, 0.0
    while spent < seconds:
        rows = [arrival() for _ in range(16 * CONNECTIONS)]
        done += len(rows)
        began = time.perf_counter()

        async def call(rows: list[Arrival] = rows) -> None:
            while rows:
                await commits.submit(ORGANISATION, rows.pop())

        await asyncio.gather(*(call() for _ in range(CONNECTIONS)))
        spent += time.perf_counter() - began
    return done / spent


def arrival() -> Arrival:
    body = event()
    return Arrival(ORGANISATION, "acct_1", envelope.read(body), body, datetime.now(UTC))


async def in_process(database: Database, seconds: float) -> float:
    """The room's own verb: signature, JSON, group commit; events made and signed beforehand, in rounds."""
    webhooks = web(database)
    done, spent = 0, 0.0
    while spent < seconds:
        made = [(body, sign(body)) for body in (event() for _ in range(4 * BATCH))]
        began = time.perf_counter()
        await asyncio.gather(*(webhooks.accept(TOKEN, body, [header]) for body, header in made))
        spent += time.perf_counter() - began
        done += len(made)
    return done / spent


def request() -> bytes:
    """A whole signed delivery, made before the clock starts."""
    body = event()
    return (
        b"POST /webhooks/stripe/%s HTTP/1.1\r\nHost: bench\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n%s"
        % (TOKEN.encode(), sign(body), len(body), body)
    )


class Line(asyncio.Protocol):
    """One keep-alive connection that posts a delivery after another and notes how long each answer took.

    With `every`, at these seconds, and an answer's wait counts from when its delivery was due.
    """

    def __init__(self, stock: list[bytes], waits: list[float], ends: float, first: float, every: float | None) -> None:
        self.stock, self.waits, self.ends, self.due, self.every = stock, waits, ends, first, every
        self.held = b""
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.loop.call_later(max(0.0, self.due - time.perf_counter()), self.post)

    def post(self) -> None:
        now = time.perf_counter()
        if now >= self.ends or not self.stock:
            self.transport.close()
            self.done.set_result(None)
            return
        self.began = self.due if self.every else now
        self.transport.write(self.stock.pop())

    def data_received(self, data: bytes) -> None:
        self.held += data
        if not self.held.endswith(b"}"):
            return
        if not self.held.startswith(b"HTTP/1.1 200"):
            self.connection_lost(ValueError(self.held[:200]))
            return
        now, self.held = time.perf_counter(), b""
        self.waits.append(now - self.began)
        if self.every is None:
            self.post()
        else:
            self.due += self.every
            self.loop.call_later(max(0.0, self.due - now), self.post)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


async def through_http(port: int, seconds: float, rate: float | None = None) -> tuple[float, list[float]]:
    """Events a second and each answer's seconds: as fast as answers come, or at a steady rate."""
    waits: list[float] = []
    stock = [request() for _ in range(int(seconds * (rate or 9000)))]
    every = CONNECTIONS / rate if rate else None
    began = time.perf_counter() + 0.1
    loop = asyncio.get_running_loop()
    lines: list[Line] = []
    for number in range(CONNECTIONS):
        first = began + number / rate if rate else began
        line = Line(stock, waits, began + seconds, first, every)
        lines.append(line)
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)
    await asyncio.gather(*(line.done for line in lines))
    return len(waits) / (time.perf_counter() - began), waits


async def npm_peer(owner: str, seconds: float) -> float | str:
    """Events a second of the peer's webhook handler, each answered once it is in the tables; or why it did not run."""
    found = npm.command()
    if isinstance(found, str):
        return found
    start, folder = found
    port = free_port()
    return await peer([*start, "127.0.0.1", "1", await a_database(owner, "peer"), str(port)], port, seconds, folder)


async def django_peer(owner: str, seconds: float) -> float | str:
    """The same of dj-stripe's view: each answered once it is stored, and nothing made of it yet."""
    start = await asyncio.to_thread(pip.dj_stripe)
    if isinstance(start, str):
        return start
    port = free_port()
    path = f"/webhooks/stripe/{TOKEN}"
    return await peer([*start, await a_database(owner, "django"), str(port), SECRET, path], port, seconds)


async def a_database(owner: str, name: str) -> str:
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute(f"create database {name}")  # type: ignore[arg-type]
    return owner.replace("/postgres?", f"/{name}?")


async def peer(command: list[str], port: int, seconds: float, folder: Path | None = None) -> float | str:
    """Start it, wait for its "ready", send."""
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        said = await asyncio.to_thread(server.stdout.readline)
        if said.strip() != "ready":
            return "it did not start: " + " ".join((said + await asyncio.to_thread(server.stdout.read)).split())[:300]
        try:
            await through_http(port, 1.0)  # warm
            rate, _ = await through_http(port, seconds)
        except (AssertionError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            return f"it did not take the events: {error}"[:300]
        return rate
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def serve(url: str) -> None:
    """The web process: the same route, server and settings as in production."""
    async with Database(Secret(url)) as database:
        app = intake.IntakeFirst(web(database), Starlette())
        config = uvicorn.Config(
            app, port=0, log_level="error", lifespan="off", access_log=False, server_header=False, proxy_headers=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
            await asyncio.sleep(0.01)
        collector.settle()
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await task


def p99(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100)[98] * 1000


async def measure(url: str, folder: Path, seconds: float) -> dict[str, Any]:
    async with Database(Secret(url)) as database:
        await prepare(database)
        await bare(database, 0.5, BATCH)  # warm
        large = await bare(database, seconds, BATCH)
        group = await limit(database, seconds)
        inside = await in_process(database, seconds)
        command = [sys.executable, "-m", "bench.intake", "--serve", url]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            port = int(await asyncio.to_thread(server.stdout.readline))
            await through_http(port, 1.0)  # warm
            before = await count(database)
            used = _cpu.of(server.pid), _cpu.postgres(folder)
            http, waits = await through_http(port, seconds)
            used = _cpu.of(server.pid) - used[0], _cpu.postgres(folder) - used[1]
            assert await count(database) - before == len(waits), "every 200 is a row"
            half, half_waits = await through_http(port, seconds, rate=http / 2)
        finally:
            server.terminate()
            server.wait(20)
    rivals = {PEER: await npm_peer(url, seconds), pip.DJ_STRIPE: await django_peer(url, seconds)}
    return {
        "rivals": rivals, "large": large, "group": group, "inside": inside, "http": http, "half": half,
        "p50": statistics.median(waits) * 1000, "p99": p99(waits), "half_p99": p99(half_waits),
        "cpu": used[0] / len(waits) * 1000, "server": used[1] / len(waits) * 1000,
    }  # fmt: skip


def report(found: dict[str, Any], seconds: float) -> None:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"Events made durable, PostgreSQL with fsync, {machine}, {seconds:g} s each, {ids.new('run')}\n")
    print(f"{'':44}{'events/s':>10}{'of the limit':>14}")
    for name, key in [
        (f"bare inserts, {BATCH} rows a commit", "large"),
        (f"limit: bare group commit, {CONNECTIONS} callers", "group"),
        ("ours, at the room's door, one process", "inside"),
        (f"ours, through HTTP, {CONNECTIONS} connections", "http"),
    ]:
        print(f"{name:44}{found[key]:>10,.0f}{found[key] / found['group']:>13.0%}")
    for name, rate in found["rivals"].items():
        if isinstance(rate, str):
            print(f"{name} not run: {rate}")
        else:
            print(f"{name:44}{rate:>10,.0f}{rate / found['group']:>13.0%}")
    print(f"\nThrough HTTP at full load: p50 {found['p50']:.1f} ms, p99 {found['p99']:.1f} ms;", end=" ")
    print(f"at half load ({found['half']:,.0f}/s): p99 {found['half_p99']:.1f} ms.")
    print(f"CPU an event: {found['cpu']:.3f} ms of the web process, {found['server']:.3f} ms of PostgreSQL; the sender "
          "is a process of\nits own on the same cores.\n")  # fmt: skip
    ratio = found["http"] / found["group"]
    best = max((rate for rate in found["rivals"].values() if not isinstance(rate, str)), default=None)
    times = None if best is None else round(found["http"] / best, 1)
    line = {
        "bench": "intake", "unit": "events/s", "ours": round(found["http"]),
        "peer": {name: rate if isinstance(rate, str) else round(rate) for name, rate in found["rivals"].items()},
        "limit": round(found["group"]),
        "ours_to_limit": round(ratio, 3), "ours_to_best_peer": times, "half_load_p99_ms": round(found["half_p99"], 1),
        "cpu_ms_an_event": round(found["cpu"], 3),
        "goal": f"ours_to_limit >= {GOAL}, ours_to_best_peer >= {GOAL_PEER}, half_load_p99_ms <= 50",
        "met": ratio >= GOAL and found["half_p99"] <= 50 and (times is None or times >= GOAL_PEER),
    }  # fmt: skip
    print(json.dumps(line))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=6.0)
    arguments.add_argument("--serve", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        uvloop.run(serve(given.serve))
        return
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        try:
            migrate(Secret(server.url))
            found = uvloop.run(measure(server.url, Path(folder), given.seconds))
        finally:
            server.stop()
    report(found, given.seconds)


if __name__ == "__main__":
    main()
