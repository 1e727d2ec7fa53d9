"""A storm of one organisation does not stand before the others: whose turn it is, and how long one is."""

from __future__ import annotations

import asyncio

import pytest

from tillwright.domains import events
from tillwright.domains.tenancy import Tenancy
from tillwright.doors.worker import Relay
from tillwright.gateways.database import Database
from tillwright.kit.clock import SystemClock
from tillwright.kit.turns import AT_ONCE, share, take_turns

NAME = "workflow:SWITCH:stopped"


async def test_each_gets_a_turn_a_few_at_once_and_one_that_fails_stops_nobody() -> None:
    under_way, most, done = 0, 0, list[str]()

    async def work(name: str) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        if name == "3":
            raise ValueError("three is no good")
        done.append(name)
        return 2

    with pytest.raises(ValueError, match="three"):
        await take_turns([str(number) for number in range(20)], work)
    assert len(done) == 19
    assert most == AT_ONCE
    assert await take_turns([], work) == 0
    assert await take_turns(["7", "8"], work) == 4


def test_a_turn_is_short_where_somebody_else_waits() -> None:
    assert [share(200, waiting) for waiting in (0, 1, 2, 50)] == [200, 200, 50, 50]
    assert share(1, 2) == 1


async def test_a_loud_organisations_events_stand_before_nobody_elses(database: Database) -> None:
    tenancy, clock = Tenancy(clock=SystemClock(), database=database), SystemClock()
    loud, *quiet = [
        (await tenancy.create_organisation(f"Shop {n}", f"a{n}@example.com", "a long password")).organisation_id
        for n in range(4)
    ]
    given: list[str] = []

    async def react(_: object, organisation_id: str, happened: list[events.SpineEvent]) -> None:
        given.extend(organisation_id for event in happened if event.name == NAME)

    relay = Relay(database, "someone", together=react)  # type: ignore[arg-type]
    while await relay.step():
        pass
    for organisation_id, count in [(loud, 500), *((each, 1) for each in quiet)]:
        async with database.tenant(organisation_id) as tx:
            await events.record_all(tx, organisation_id, [(NAME, {"n": n}) for n in range(count)], clock.now())
    await relay.step()
    assert {each: given.count(each) for each in quiet} == dict.fromkeys(quiet, 1), "all of them in the first turn"
    assert given.count(loud) == share(200, 4), "and a short turn of the loud one's beside them"
    while await relay.step():
        pass
    assert given.count(loud) == 500
