"""The database loses an answer, has no room, no connection, or crashes: 503, never a 200 for what is not there."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import httpx
import orjson
import pytest

from tests.domains.webhooks.conftest import Rooms, Sender, furnish, listen
from tests.domains.webhooks.test_pipeline import spine
from tests.doors.api.conftest import serving
from tests.doors.api.test_intake import ids_stored
from tests.line import Line, Moment
from tests.server_trouble import crash, full_disk, needs_full_device
from tillwright.domains.webhooks import intake
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Seal

LANES = 24


@pytest.fixture
async def reached(line: Line) -> AsyncIterator[Database]:
    """The web process's way to its database, which can be cut. It has few connections."""
    async with Database(line.url, size=2) as database:
        yield database


@pytest.fixture
async def rooms(reached: Database, clock: ManualClock, seal: Seal) -> AsyncIterator[Rooms]:
    rooms = furnish(reached, clock, seal, "http://127.0.0.1:9")
    yield rooms
    await rooms.webhooks.close()
    await rooms.reader.close()
    await rooms.writer.close()


@pytest.fixture
async def sender(database: Database, clock: ManualClock, seal: Seal, rooms: Rooms, organisation: str) -> Sender:
    return await listen(database, seal, clock, rooms.webhooks, organisation)


@pytest.fixture
async def http(rooms: Rooms) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(rooms.webhooks) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        yield client


async def post(http: httpx.AsyncClient, sender: Sender, number: int) -> httpx.Response:
    body = sender.event(number)
    headers = [(b"Stripe-Signature", sender.header(body))]
    return await http.post(f"/webhooks/stripe/{sender.token}", content=body, headers=headers)


def to_come_again(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers.get("retry-after")) == (503, "5")


@pytest.mark.parametrize(("moment", "stored"), [("asked", set[str]()), ("answered", {"evt_1"})])
async def test_a_commit_whose_answer_is_lost_is_no_200(
    http: httpx.AsyncClient,
    sender: Sender,
    line: Line,
    database: Database,
    organisation: str,
    moment: Moment,
    stored: set[str],
) -> None:
    line.cut(1, moment=moment)
    assert to_come_again(await post(http, sender, 1))
    assert line.lost == 1
    assert await ids_stored(database, organisation) == stored, "only the server knows"
    again = await post(http, sender, 1)
    assert (again.status_code, again.json()["duplicate"]) == (200, bool(stored))
    assert await ids_stored(database, organisation) == {"evt_1"}


async def until_taken(http: httpx.AsyncClient, sender: Sender, numbers: range, codes: Counter[int]) -> set[str]:
    """Send each event as often as Stripe would; the ids that were answered 200."""
    taken, left = set[str](), iter(numbers)

    async def lane() -> None:
        for number in left:
            while (answer := await post(http, sender, number)).status_code != 200:
                assert to_come_again(answer)
                codes[answer.status_code] += 1
            codes[200] += 1
            taken.add(orjson.loads(answer.content)["id"])

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return taken


async def test_under_load_with_answers_lost_each_event_is_stored_once_and_told_once(
    http: httpx.AsyncClient, sender: Sender, line: Line, rooms: Rooms, database: Database, organisation: str
) -> None:
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"SEED={seed}")
    dice, codes, taken = random.Random(seed), Counter[int](), set[str]()
    for begin in range(0, 240, 60):
        line.cut(*dice.sample(range(1, 4), 2), moment=dice.choice(("asked", "answered")))
        taken |= await until_taken(http, sender, range(begin, begin + 60), codes)
    assert line.lost >= 4
    assert codes[503] >= line.lost
    assert taken == await ids_stored(database, organisation) == {f"evt_{number}" for number in range(240)}
    cuts = line.lost
    for moment in ("asked", "answered") * 3:
        line.cut(dice.randrange(1, 4), moment=moment)
        with suppress(Upstream):
            while await rooms.webhooks.apply_pending(limit=30):
                pass
    line.cut(moment="asked")
    while await rooms.webhooks.apply_pending():
        pass
    assert line.lost > cuts
    said = Counter(each["data"]["event_id"] for each in await spine(database, organisation))
    assert said == dict.fromkeys(taken, 1)


async def test_with_every_connection_taken_stripe_is_told_soon_to_come_again(
    http: httpx.AsyncClient, sender: Sender, reached: Database, database: Database, organisation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(intake, "PATIENCE", 0.1)
    async with AsyncExitStack() as others:
        for _ in range(2):
            await (await others.enter_async_context(reached.tenant(organisation))).execute("select 1")
        for answer in await asyncio.gather(*(post(http, sender, number) for number in range(5))):
            assert to_come_again(answer)
    assert await ids_stored(database, organisation) == set()
    for answer in await asyncio.gather(*(post(http, sender, number) for number in range(5))):
        assert (answer.status_code, answer.json()["duplicate"]) == (200, False)


@needs_full_device
async def test_a_full_disk_is_said_and_once_there_is_room_nothing_has_to_be_started_again(
    http: httpx.AsyncClient, sender: Sender, database: Database, organisation: str
) -> None:
    with full_disk(database.owner_url, "stripe_events"):
        for answer in await asyncio.gather(*(post(http, sender, number) for number in range(5))):
            assert to_come_again(answer)
            assert answer.json()["code"] == "database_full"
    for answer in await asyncio.gather(*(post(http, sender, number) for number in range(5))):
        assert (answer.status_code, answer.json()["duplicate"]) == (200, False)
    assert await ids_stored(database, organisation) == {f"evt_{number}" for number in range(5)}


@needs_full_device
@pytest.mark.parametrize("table", ["mirror_objects", "spine_events"])
async def test_with_no_room_to_tell_of_an_event_it_is_not_applied_either(
    sender: Sender, rooms: Rooms, database: Database, organisation: str, table: str
) -> None:
    await asyncio.gather(*(sender.send(sender.event(number)) for number in range(5)))
    before = len(await spine(database, organisation))
    with full_disk(database.owner_url, table), pytest.raises(Upstream):
        await rooms.webhooks.apply_pending()
    assert len(await spine(database, organisation)) == before
    assert await rooms.webhooks.apply_pending() == 5
    assert len(await spine(database, organisation)) == before + 5


async def test_a_server_that_crashes_under_load_loses_nothing_that_was_answered(
    http: httpx.AsyncClient, sender: Sender, database: Database, organisation: str
) -> None:
    codes, halfway = Counter[int](), asyncio.Event()

    async def crashes() -> None:
        while codes[200] < 60:  # noqa: ASYNC110 - the lanes tell nobody
            await asyncio.sleep(0.002)
        await asyncio.to_thread(crash, database.owner_url)
        halfway.set()

    crashing = asyncio.create_task(crashes())
    taken = await until_taken(http, sender, range(200), codes)
    await crashing
    assert halfway.is_set()
    assert codes.keys() <= {200, 503}
    assert taken == await ids_stored(database, organisation)
    assert (await post(http, sender, 200)).status_code == 200
