"""What is recorded commits with its cause and is handed on once, in order, to each consumer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.conftest import START, make_organisation
from tillwright.domains import events
from tillwright.domains.events import SpineEvent
from tillwright.gateways.database import Database, Tx


async def record(database: Database, organisation: str, *numbers: int) -> None:
    async with database.tenant(organisation) as tx:
        for number in numbers:
            await events.record(tx, organisation, "test:thing:done", {"number": number}, START)


class Log:
    """Collects what a consumer was given, where its transaction committed."""

    def __init__(self, fail_on: int | None = None) -> None:
        self.seen: list[int] = []
        self.fail_on = fail_on

    async def __call__(self, tx: Tx, event: SpineEvent) -> None:
        if event.data["number"] == self.fail_on:
            raise RuntimeError("the consumer failed")
        self.seen.append(event.data["number"])


async def test_each_consumer_gets_each_event_once_in_order(database: Database, organisation: str) -> None:
    await record(database, organisation, 1, 2, 3)
    one, two = Log(), Log()
    assert await events.behind(database, "one") == [organisation]
    assert await events.hand_on(database, organisation, "one", one, limit=2) == 2
    await record(database, organisation, 4)
    await events.hand_on(database, organisation, "one", one)
    await events.hand_on(database, organisation, "two", two)
    assert one.seen == two.seen == [1, 2, 3, 4]
    assert await events.behind(database, "one") == []
    assert await events.hand_on(database, organisation, "one", one) == 0


async def test_nothing_is_recorded_when_its_cause_fails(database: Database, organisation: str) -> None:
    with pytest.raises(RuntimeError):
        async with database.tenant(organisation) as tx:
            await events.record(tx, organisation, "test:thing:done", {}, START)
            raise RuntimeError("the cause failed")
    assert await events.behind(database, "one") == []


async def test_a_failed_reaction_gets_the_events_again(database: Database, organisation: str) -> None:
    await record(database, organisation, 1, 2)
    with pytest.raises(RuntimeError):
        await events.hand_on(database, organisation, "one", Log(fail_on=2))
    log = Log()
    await events.hand_on(database, organisation, "one", log)
    assert log.seen == [1, 2]


async def test_an_event_that_commits_late_is_not_passed_by(database: Database, organisation: str) -> None:
    log = Log()
    async with database.tenant(organisation) as slow:
        await events.record(slow, organisation, "test:thing:done", {"number": 1}, START)
        await record(database, organisation, 2)  # has the later id, and commits first
        await events.hand_on(database, organisation, "one", log)
    await events.hand_on(database, organisation, "one", log)
    assert log.seen == [1, 2]


async def test_many_readers_and_writers_at_once(database: Database, organisation: str) -> None:
    other = await make_organisation(database, "Other")
    log, last = Log(), Log()

    async def write(start: int) -> None:
        for number in range(start, start + 20):
            await record(database, organisation, number)
            await record(database, other, -1)

    async def read() -> None:
        for _ in range(60):
            await events.hand_on(database, organisation, "one", log, limit=7)
            await asyncio.sleep(0.002)

    await asyncio.gather(*(write(n * 20) for n in range(4)), *(read() for _ in range(3)))
    while await events.hand_on(database, organisation, "one", log):
        pass
    await events.hand_on(database, organisation, "two", last, limit=1000)
    assert sorted(log.seen) == list(range(80))
    assert log.seen == last.seen


async def test_a_name_has_three_parts(database: Database, organisation: str) -> None:
    with pytest.raises(ValueError, match="subject:thing:action"):
        async with database.tenant(organisation) as tx:
            await events.record(tx, organisation, "nonsense", {}, START)


def test_a_happening_is_named_by_what_it_is_and_not_by_its_id_alone() -> None:
    """Ids are given out a second time once a backup was restored."""
    first = SpineEvent(7, "org_1", "test:thing:done", {"number": 1}, START)
    assert replace(first, created=START.replace(year=2028)).identity == first.identity
    others = (replace(first, id=8), replace(first, data={"number": 2}), replace(first, organisation_id="org_2"))
    assert len({first.identity, *(other.identity for other in others)}) == 4
    told = replace(first, data={"number": 1, "occurrence": "thing.1"})
    assert replace(told, id=8, data={"number": 2, "occurrence": "thing.1"}).identity == told.identity
