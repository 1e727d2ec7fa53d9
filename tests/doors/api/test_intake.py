"""The webhook address through HTTP: what is answered 200 is stored, the rest is 4xx or 503 and leaves nothing."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.domains.webhooks.conftest import Rooms, Sender, furnish, listen, sign
from tests.doors.api.conftest import serving
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock, SystemClock, to_unix
from tillwright.kit.seal import MasterKey, Seal, Secret

MASTER_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"


@pytest.fixture
async def http(nowhere: Rooms) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(nowhere.webhooks) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


async def ids_stored(database: Database, organisation: str) -> set[str]:
    async with database.tenant(organisation) as tx:
        return {row["id"] for row in await (await tx.execute("select id from stripe_events")).fetchall()}


async def test_a_signed_event_is_answered_when_it_is_stored(
    http: httpx.AsyncClient, sender: Sender, database: Database, organisation: str
) -> None:
    body = sender.event(1)
    for duplicate in (False, True):
        answer = await http.post(
            f"/webhooks/stripe/{sender.token}", content=body, headers={"Stripe-Signature": sender.header(body).decode()}
        )
        assert answer.status_code == 200
        assert answer.json() == {"received": True, "id": "evt_1", "duplicate": duplicate}
    assert await ids_stored(database, organisation) == {"evt_1"}


async def test_what_is_no_webhook_address_goes_on_to_the_application(http: httpx.AsyncClient, sender: Sender) -> None:
    body = sender.event(1)
    for path in ("/webhooks/stripe/", "/webhooks/stripe", f"/webhooks/stripe/{sender.token}/more", "/healthz"):
        answer = await http.post(path, content=body, headers={"Stripe-Signature": sender.header(body).decode()})
        assert answer.status_code == 404
        assert answer.text == "Not Found", "the application's own answer"


async def test_every_forgery_is_refused_and_leaves_nothing(
    http: httpx.AsyncClient,
    sender: Sender,
    nowhere: Rooms,
    database: Database,
    organisation: str,
    seal: Seal,
    clock: ManualClock,
) -> None:
    body, now = sender.event(1), to_unix(clock.now())
    good = sender.header(body)
    live = await listen(database, seal, clock, nowhere.webhooks, organisation, livemode=True)
    proof = good.partition(b"v1=")[2]
    deep = body.replace(b'"customer.updated"', b"[" * 5000 + b"]" * 5000)
    empty = b""
    big = b'{"a":"' + b"x" * 10_000_000 + b'"}'

    def signed(content: bytes, at: int = now) -> list[bytes]:
        return [sign(content, sender.secret, at)]

    def stamp(text: str) -> list[bytes]:
        return [b"t=" + text.encode() + b",v1=" + proof]

    cases: dict[str, tuple[bytes, list[bytes], dict[str, str], int]] = {
        "no header": (body, [], {}, 400),
        "empty header": (body, [b""], {}, 400),
        "several headers": (body, [good, good], {}, 400),
        "several headers, one wrong": (body, [good, live.header(body)], {}, 400),
        "other mode's secret": (body, [live.header(body)], {}, 400),
        "unknown secret": (body, [sign(body, "whsec_other", now)], {}, 400),
        "empty secret": (body, [sign(body, "", now)], {}, 400),
        "wrong encoding": (body, [b"t=%d,v1=%s" % (now, proof.upper())], {}, 400),
        "wrong scheme": (body, [b"t=%d,v0=%s" % (now, proof)], {}, 400),
        "not ASCII": (body, [b"t=%d,v1=\xe9\xff" % now], {}, 400),
        "a hundred v1": (body, [b"t=%d" % now + (b",v1=" + b"0" * 64) * 100], {}, 400),
        "20,000 v1": (body, [b"t=%d" % now + (b",v1=" + b"0" * 64) * 700], {}, 400),
        "zero": (body, stamp("0"), {}, 400),
        "negative": (body, stamp(f"-{now}"), {}, 400),
        "NaN": (body, stamp("NaN"), {}, 400),
        "301 s old": (body, signed(body, now - 301), {}, 400),
        "301 s ahead": (body, signed(body, now + 301), {}, 400),
        "a byte more": (body + b" ", [good], {}, 400),
        "a byte less": (body[:-1], [good], {}, 400),
        "BOM": (b"\xef\xbb\xbf" + body, signed(b"\xef\xbb\xbf" + body), {}, 400),
        "bad UTF-8": (b"\xff" + body, signed(b"\xff" + body), {}, 400),
        "deep": (deep, signed(deep), {}, 400),
        "no body": (empty, signed(empty), {}, 400),
        "gzip": (gzip.compress(body), signed(gzip.compress(body)), {}, 400),
        "gzip, said": (gzip.compress(body), [good], {"Content-Encoding": "gzip"}, 415),
        "10 MB": (big, signed(big), {}, 413),
        "the other mode's event": (sender.event(1, livemode=True), signed(sender.event(1, livemode=True)), {}, 400),
    }
    path = f"/webhooks/stripe/{sender.token}"
    for name, (content, signatures, more, status) in cases.items():
        headers = [(b"Stripe-Signature", each) for each in signatures]
        headers += [(key.encode(), value.encode()) for key, value in more.items()]
        answer = await http.post(path, content=content, headers=headers)
        assert answer.status_code == status, (name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        assert answer.json()["code"], name
    for method, address, status in [
        ("POST", "/webhooks/stripe/nobody", 404),
        ("POST", "/webhooks/stripe/" + "x" * 3000, 404),
        ("POST", "/webhooks/stripe/", 404),
        ("GET", path, 405),
        ("PUT", path, 405),
    ]:
        answer = await http.request(method, address, content=body, headers={"Stripe-Signature": good.decode()})
        assert answer.status_code == status, address
    assert await ids_stored(database, organisation) == set()
    for seconds in (-299, 299):
        content = sender.event(seconds)
        answer = await http.post(
            path, content=content, headers=[(b"Stripe-Signature", signed(content, now + seconds)[0])]
        )
        assert answer.status_code == 200
    assert await ids_stored(database, organisation) == {"evt_-299", "evt_299"}


async def test_a_body_without_a_length_is_read_no_further_than_the_limit(
    http: httpx.AsyncClient, sender: Sender
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 65536
            yield b"x" * 65536

    try:
        answer = await http.post(f"/webhooks/stripe/{sender.token}", content=endless())
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # the server closed while we were still writing: as good an answer
    assert sent < 20_000_000


async def test_mutations_are_never_accepted_and_never_a_500(
    http: httpx.AsyncClient, sender: Sender, database: Database, organisation: str
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)

    async def mutant() -> None:
        parts = [bytearray(sender.header(sender.event(1))), bytearray(sender.event(1))]
        signed = dice.random() < 0.5
        part = parts[1] if signed else dice.choice(parts)
        at = dice.randrange(len(part))
        part[at] = (part[at] + dice.randrange(1, 256)) % 256
        body = bytes(parts[1])
        header = sender.header(body) if signed else bytes(parts[0])
        header = header.replace(b"\r", b"?").replace(b"\n", b"?").replace(b"\0", b"?")
        try:
            answer = await http.post(
                f"/webhooks/stripe/{sender.token}", content=body, headers=[(b"Stripe-Signature", header)]
            )
        except httpx.LocalProtocolError:
            return  # no HTTP client would send this header
        assert answer.status_code in (200, 400), answer.text
        # A changed body that was signed again may still be an event; what was not signed never is.
        if answer.status_code == 200 and not signed:
            assert (bytes(parts[1]), b"v1=" in header) == (sender.event(1), True)

    for _ in range(20):
        await asyncio.gather(*(mutant() for _ in range(25)))
    for event_id in await ids_stored(database, organisation):
        assert event_id.isprintable()


async def test_with_the_database_gone_stripe_is_told_to_come_again(
    http: httpx.AsyncClient, sender: Sender, database: Database
) -> None:
    await database.stop()
    body = sender.event(1)
    answer = await http.post(
        f"/webhooks/stripe/{sender.token}", content=body, headers={"Stripe-Signature": sender.header(body).decode()}
    )
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


@pytest.mark.processes
async def test_what_was_answered_200_is_stored_though_the_process_is_killed(
    database: Database, database_url: Secret, organisation: str, repository: Path
) -> None:
    """A real web process under load is killed with SIGKILL, several times over."""
    seal = Seal([MasterKey(Secret(MASTER_KEY))])
    clock = SystemClock()
    rooms = furnish(database, clock, seal, "http://127.0.0.1:9")
    sender = await listen(database, seal, clock, rooms.webhooks, organisation)
    acknowledged: set[str] = set()
    numbers = iter(range(1_000_000))
    script = Path(__file__).with_name("intake_process.py")
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    for round_ in range(3):
        process = subprocess.Popen(
            [sys.executable, str(script), database_url.reveal(), MASTER_KEY],
            stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert process.stdout is not None
        port = int(await asyncio.to_thread(process.stdout.readline))
        goal = len(acknowledged) + 150 + 40 * round_
        stop = asyncio.Event()

        async def load(client: httpx.AsyncClient, stop: asyncio.Event, goal: int) -> None:
            while not stop.is_set():
                body = sender.event(next(numbers))
                try:
                    answer = await client.post(
                        f"/webhooks/stripe/{sender.token}",
                        content=body,
                        headers=[(b"Stripe-Signature", sender.header(body))],
                    )
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                acknowledged.add(orjson.loads(body)["id"])
                if len(acknowledged) >= goal:
                    stop.set()

        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            lanes = [asyncio.create_task(load(client, stop, goal)) for _ in range(24)]
            await asyncio.wait_for(stop.wait(), 60)
            process.send_signal(signal.SIGKILL)  # in the midst of the other lanes' requests
            await asyncio.gather(*lanes)
        await asyncio.to_thread(process.wait, 20)
        process.stdout.close()
    stored = await ids_stored(database, organisation)
    assert len(acknowledged) >= 3 * 150
    assert acknowledged - stored == set()
    await rooms.reader.close()
    await rooms.writer.close()
