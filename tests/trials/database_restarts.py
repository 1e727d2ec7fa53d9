"""PostgreSQL crashes and comes back, runs out of room, lets nobody in, loses its answers, while events come in.

python -m tests.trials.database_restarts [ROUNDS]     # 20 if not said; SEED=… repeats the order of the troubles

Every event that was answered 200 is stored, once; meanwhile the answer is 503 and never a false 200; ten seconds after
the trouble is over events are taken again.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import psycopg
from psycopg import sql

from tests.domains.webhooks.conftest import Sender, furnish, listen
from tests.doors.api import intake_process
from tests.line import Line, line_to
from tests.server_trouble import full_disk
from tests.trials import _bulk
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import MasterKey, Seal, Secret

MASTER_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"
LANES, HEALED = 12, 10.0


class Load:
    """Sends events without end and remembers what was said to them."""

    def __init__(self, sender: Sender, url: str) -> None:
        self.sender, self.url = sender, url
        self.taken: set[str] = set()
        self.codes: dict[int, int] = {}
        self.last_taken = 0.0
        self.numbers = iter(range(1 << 40))
        self.over = False

    async def lane(self, client: httpx.AsyncClient) -> None:
        while not self.over:
            body = self.sender.event(next(self.numbers))
            answer = await client.post(
                f"{self.url}/webhooks/stripe/{self.sender.token}",
                content=body,
                headers=[(b"Stripe-Signature", self.sender.header(body))],
            )
            self.codes[answer.status_code] = self.codes.get(answer.status_code, 0) + 1
            if answer.status_code == 200:
                self.taken.add(orjson.loads(body)["id"])
                self.last_taken = time.monotonic()
            else:
                await asyncio.sleep(0.05)


class Server:
    """The server of a folder, started and held by a process of its own, so that each start is a fresh one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.trials.database_restarts", "--hold", str(self.folder)]
        self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout is not None
        self.url = self.holder.stdout.readline().strip()

    def crash(self) -> None:
        """Immediate shutdown: no transaction ends in order, and the log is read again at the next start."""
        pid = int(next(self.folder.rglob("postmaster.pid")).read_text().split()[0])
        self.holder.kill()
        self.holder.wait()
        os.kill(pid, signal.SIGQUIT)
        for _ in range(400):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        raise TimeoutError("the server did not end")

    def stop(self) -> None:
        self.holder.communicate("\n", timeout=30)


def hold(folder: Path) -> None:
    """What the holder does: until something comes in."""
    server = EmbeddedServer(folder)
    print(server.url, flush=True)
    sys.stdin.readline()
    server.stop()


async def prepare(address: Secret) -> Sender:
    seal, clock = Seal([MasterKey(Secret(MASTER_KEY))]), SystemClock()
    async with Database(address) as database:
        rooms = furnish(database, clock, seal, "http://127.0.0.1:9")
        sender = await listen(database, seal, clock, rooms.webhooks, _bulk.ORGANISATION)
        await rooms.reader.close()
        await rooms.writer.close()
    return sender


async def stored(address: Secret) -> list[str]:
    async with Database(address) as database, database.tenant(_bulk.ORGANISATION) as tx:
        return [row["id"] async for row in await tx.execute("select id from stripe_events")]


class Troubles:
    """What happens to the database; each returns when it is over."""

    def __init__(self, server: Server, address: Secret, line: Line, dice: random.Random) -> None:
        self.server, self.address, self.line, self.dice = server, address, line, dice

    async def crash(self) -> None:
        await asyncio.to_thread(self.server.crash)
        await asyncio.sleep(self.dice.random())
        await asyncio.to_thread(self.server.start)

    async def lost_answers(self) -> None:
        self.line.cut(*self.dice.sample(range(1, 40), 10), moment="answered")
        await self._for_a_while()
        self.line.cut(moment="answered")

    async def lost_questions(self) -> None:
        self.line.cut(*self.dice.sample(range(1, 40), 10), moment="asked")
        await self._for_a_while()
        self.line.cut(moment="asked")

    async def full_disk(self) -> None:
        with contextlib.ExitStack() as full:
            await asyncio.to_thread(full.enter_context, full_disk(self.address, "stripe_events"))
            await self._for_a_while()

    async def nobody_let_in(self) -> None:
        await asyncio.to_thread(self._let_in, False)
        await self._for_a_while()
        await asyncio.to_thread(self._let_in, True)

    async def _for_a_while(self) -> None:
        await asyncio.sleep(1 + 4 * self.dice.random())

    def _let_in(self, yes: bool) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as owner:
            name = urlsplit(self.address.reveal()).path.removeprefix("/")
            owner.execute(
                sql.SQL("alter database {} allow_connections {}").format(sql.Identifier(name), sql.Literal(yes))
            )
            if not yes:
                owner.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,)
                )


TROUBLES = ("crash", "lost_answers", "lost_questions", "full_disk", "nobody_let_in")


async def suffer(load: Load, troubles: Troubles, rounds: int) -> dict[str, float]:
    """Each trouble in turn, in an order of the dice; the longest time until events were taken again after it."""
    slowest: dict[str, float] = dict.fromkeys(TROUBLES, 0.0)
    order: list[str] = []
    for _ in range(rounds):
        if not order:
            order = troubles.dice.sample(TROUBLES, len(TROUBLES))
        name = order.pop()
        await asyncio.sleep(1 + 2 * troubles.dice.random())
        await getattr(troubles, name)()
        over = time.monotonic()
        while load.last_taken < over and time.monotonic() - over < 6 * HEALED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        slowest[name] = max(slowest[name], time.monotonic() - over)
    return slowest


async def trial(server: Server, address: Secret, rounds: int, dice: random.Random) -> bool:
    sender = await prepare(address)
    script = Path(intake_process.__file__)
    environment = {**os.environ, "PYTHONPATH": str(script.parents[3])}
    async with line_to(address) as line, httpx.AsyncClient(timeout=30) as client:
        process = subprocess.Popen(
            [sys.executable, str(script), line.url.reveal(), MASTER_KEY],
            stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            port = int(await asyncio.to_thread(process.stdout.readline))
            load = Load(sender, f"http://127.0.0.1:{port}")
            lanes = [asyncio.create_task(load.lane(client)) for _ in range(LANES)]
            slowest = await suffer(load, Troubles(server, address, line, dice), rounds)
            load.over = True
            await asyncio.gather(*lanes)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 20)
    ids = await stored(address)
    lost = load.taken - set(ids)
    print(f"{rounds} troubles; answers {load.codes}; {len(load.taken)} events taken, {len(lost)} of them lost; "
          f"{line.lost} commits lost on the line; taken again at most, in seconds after: "
          f"{ {name: round(most, 1) for name, most in slowest.items()} }")  # fmt: skip
    return not lost and len(ids) == len(set(ids)) and set(load.codes) <= {200, 503} and max(slowest.values()) <= HEALED


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name) / "postgres")
        try:
            address = _bulk.prepare(server.url, Path(name))
            return int(not asyncio.run(trial(server, address, rounds, random.Random(seed))))
        finally:
            server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hold"]:
        hold(Path(sys.argv[2]))
        sys.exit()
    sys.exit(main())
