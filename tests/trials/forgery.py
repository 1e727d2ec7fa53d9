"""Whatever is not signed by Stripe, for this address and now, is refused: a real web process, raw bytes on its socket.

python -m tests.trials.forgery [MUTATIONS]     # 1,000,000 if not said; SEED=… repeats one

Headers and bodies are mutated, exchanged, aged and packed. None may be answered 200 or 5xx and no row may be written;
what Stripe itself would send is taken before and after.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import make_organisation
from tests.domains.webhooks.conftest import Sender, furnish, listen, sign
from tests.doors.api import intake_process
from tests.trials import _bulk
from tests.trials.database_restarts import MASTER_KEY
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.clock import SystemClock, to_unix
from tillwright.kit.seal import MasterKey, Seal, Secret

LANES = 24


@dataclass
class Forger:
    """Knows an endpoint's address, a delivery that was overheard, and the secrets of others."""

    dice: random.Random
    sender: Sender
    others: list[Sender]
    numbers: Counter[str] = field(default_factory=Counter[str])

    def mutant(self) -> tuple[str, str, list[bytes], bytes]:
        """What was done, the token, the headers and the body."""
        number = self.dice.randrange(1 << 40)
        body = self.sender.event(number)
        return self.dice.choice(self.ways)(body, self.sender.header(body))

    @property
    def ways(self) -> list[Callable[[bytes, bytes], tuple[str, str, list[bytes], bytes]]]:
        return [self.header_bytes, self.header_bytes, self.body_bytes, self.body_bytes, self.both, self.exchanged,
                self.aged, self.packed, self.headers, self.token]  # fmt: skip

    def _changed(self, text: bytes) -> bytes:
        parts = bytearray(text)
        for _ in range(self.dice.randint(1, 3)):
            at = self.dice.randrange(len(parts) + 1)
            parts[at : at + self.dice.randrange(3)] = self.dice.randbytes(self.dice.randrange(3))
        return bytes(parts)

    def header_bytes(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        changed = self._changed(header).translate(None, b"\r\n\0")
        # A change beside what counts, in a scheme's name that nobody reads say, leaves the same claim.
        same = set(header.split(b",")) <= set(changed.strip(b" \t").split(b","))
        return "header", self.sender.token, [b"" if same else changed], body

    def body_bytes(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        changed = self._changed(body)
        return "body", self.sender.token, [header], changed + b" " if changed == body else changed

    def both(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        return "both", self.sender.token, self.header_bytes(body, header)[2], self.body_bytes(body, header)[3]

    def exchanged(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        """Signed by somebody: another mode, another organisation, nobody."""
        secret = self.dice.choice([*(each.secret for each in self.others), "", "whsec_", self.sender.secret[6:]])
        now = to_unix(self.sender.clock.now())
        return "exchanged", self.sender.token, [sign(body, secret, now)], body

    def aged(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        """Signed by Stripe, and not now: a replay, or a clock that is wrong."""
        away = self.dice.choice([303, 400, 86_400, 10**7]) * self.dice.choice([1, -1])
        stamp = to_unix(self.sender.clock.now()) + away
        return "aged", self.sender.token, [sign(body, self.sender.secret, stamp)], body

    def packed(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        kinds = [gzip.compress(body), b"\xef\xbb\xbf" + body, body.decode().encode("utf-16"), b"", body * 2]
        return "packed", self.sender.token, [header], self.dice.choice(kinds)

    def headers(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        proof = header.partition(b"v1=")[2]
        kinds = [
            [], [header, header], [header.replace(b"v1", b"v0")], [header.upper()], [header[:-1]], [header + b"0"],
            [b"v1=" + proof], [header + b",t=0"], [header.replace(b"t=", b"t=-")], [b"t=NaN,v1=" + proof],
            [header.split(b",")[0] + (b",v1=" + b"0" * 64) * 100],
        ]  # fmt: skip
        return "headers", self.sender.token, self.dice.choice(kinds), body

    def token(self, body: bytes, header: bytes) -> tuple[str, str, list[bytes], bytes]:
        """Another endpoint's address, or nobody's."""
        token = self.sender.token
        wrong = self.dice.choice(
            [self.others[0].token, self.others[1].token, token[:-1], token + "A", token.swapcase()]
        )
        return "token", wrong, [header], body


class Lane:
    """One connection, kept open as long as the server likes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, token: str, headers: list[bytes], body: bytes) -> int:
        """The status of the answer."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        lines = b"".join(b"Stripe-Signature: " + each + b"\r\n" for each in headers)
        start = f"POST /webhooks/stripe/{token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
        writer.write(start + lines + b"\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        await reader.read() if b"connection: close" in head else await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
            self.streams = None


async def prepare(address: Secret) -> tuple[Sender, list[Sender]]:
    """The endpoint under attack; the same organisation's other mode, and another organisation's."""
    seal, clock = Seal([MasterKey(Secret(MASTER_KEY))]), SystemClock()
    async with Database(address) as database:
        rooms = furnish(database, clock, seal, "http://127.0.0.1:9")
        other = await make_organisation(database, "Other")
        mine = await listen(database, seal, clock, rooms.webhooks, _bulk.ORGANISATION)
        live = await listen(database, seal, clock, rooms.webhooks, _bulk.ORGANISATION, livemode=True)
        theirs = await listen(database, seal, clock, rooms.webhooks, other)
        await rooms.reader.close()
        await rooms.writer.close()
    return mine, [live, theirs]


def rows(owner: Secret) -> dict[str, int]:
    """How many rows each table has, over all organisations."""
    import psycopg

    with psycopg.connect(owner.reveal(), options="-c search_path=tillwright") as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'tillwright'").fetchall()
        counts = {
            name: connection.execute(f'select count(*) from "{name}"').fetchone()  # type: ignore[arg-type]
            for (name,) in names
        }
    return {name: found[0] for name, found in counts.items() if found}


async def attack(port: int, forger: Forger, mutations: int) -> Counter[tuple[str, int]]:
    answers: Counter[tuple[str, int]] = Counter()
    left = iter(range(mutations))

    async def lane() -> None:
        line = Lane(port)
        for _ in left:
            way, token, headers, body = forger.mutant()
            try:
                answers[way, await line.post(token, headers, body)] += 1
            except (asyncio.IncompleteReadError, ConnectionError):
                answers[way, 0] += 1  # hung up on: no answer, so not taken
                line.close()
        line.close()

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return answers


async def trial(address: Secret, mutations: int, dice: random.Random) -> bool:
    mine, others = await prepare(address)
    script = Path(intake_process.__file__)
    process = subprocess.Popen(
        [sys.executable, str(script), address.reveal(), MASTER_KEY],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(script.parents[3])},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        port = int(await asyncio.to_thread(process.stdout.readline))
        genuine = [await Lane(port).post(each.token, [each.header(e := each.event(1))], e) for each in (mine, *others)]
        before, began = rows(address), time.monotonic()
        answers = await attack(port, Forger(dice, mine, others), mutations)
        took, after = time.monotonic() - began, rows(address)
        genuine.append(await Lane(port).post(mine.token, [mine.header(e := mine.event(2))], e))
    finally:
        process.terminate()
        process.wait(20)
    by_code: Counter[int] = Counter()
    for (_, code), number in answers.items():
        by_code[code] += number
    written = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    accepted, broken = by_code[200], sum(number for code, number in by_code.items() if code >= 500)
    print(f"{mutations:,} forgeries in {took:.0f} s; answers {dict(by_code)}; {accepted} accepted, {broken} 5xx, "
          f"rows written: {written or 0}; genuine ones were answered {genuine}")  # fmt: skip
    for wrong in [key for key in answers if key[1] == 200 or key[1] >= 500]:
        print(f"  {wrong}: {answers[wrong]}")
    return not accepted and not broken and not written and genuine == [200] * 4


def main() -> int:
    mutations = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedServer(Path(name) / "postgres")
        try:
            address = _bulk.prepare(server.url, Path(name))
            return int(not asyncio.run(trial(address, mutations, random.Random(seed))))
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
