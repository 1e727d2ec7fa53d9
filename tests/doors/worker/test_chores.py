"""How often a worker looks: seldom while nothing happens, at once when told, soon again after a failure."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tillwright.doors.worker.chores import GAP, QUIET, SLOWEST, Chore, Pace, Rota, pause_after_failure
from tillwright.kit.clock import ManualClock, SystemClock


async def nothing() -> int:
    return 0


@pytest.mark.parametrize("every", [0.0, 0.5, 1.0, 30.0, 600.0])
def test_a_failing_chore_is_tried_ever_less_often_and_soon_enough(every: float) -> None:
    pauses = [every]
    for _ in range(50):
        pauses.append(pause_after_failure(pauses[-1]))
    assert all(0.25 < pause <= SLOWEST for pause in pauses[1:])
    assert pauses[1:] == sorted(pauses[1:])
    assert pauses[-1] == SLOWEST <= 5, "ten seconds after a database is back every chore is at work"


async def test_looks_get_rare_while_nothing_happens_and_frequent_again_when_something_does() -> None:
    pace = Pace(Chore("any", 1.0, nothing))
    assert [pace.found_nothing() for _ in range(6)] == [1, 2, 4, 8, QUIET, QUIET]
    pace.stir()
    assert [pace.found_nothing() for _ in range(3)] == [1, 2, 4]
    pace.wake()
    assert [pace.found_nothing() for _ in range(3)] == [GAP, GAP * 2, GAP * 4]
    pace.found()
    assert pace.found_nothing() == 1


async def test_one_that_looks_seldom_anyway_is_not_made_to_look_more_often() -> None:
    pace = Pace(Chore("hourly", 3600.0, nothing))
    pace.stir()
    assert [pace.found_nothing() for _ in range(2)] == [3600, 3600]


async def test_a_word_ends_a_rest_of_hours_and_what_happened_elsewhere_shortens_it() -> None:
    pace = Pace(Chore("any", 0.0, nothing))
    for tell in (pace.wake, pace.stir):
        resting = asyncio.create_task(pace.rest(3600.0))
        await asyncio.sleep(0)
        tell()
        await asyncio.wait_for(resting, 10)


async def test_one_that_fails_is_not_hurried_by_what_happens_elsewhere() -> None:
    pace = Pace(Chore("any", 0.0, nothing))
    pace.fail()
    resting = asyncio.create_task(pace.rest(3600.0))
    await asyncio.sleep(0)
    pace.stir()
    done, _ = await asyncio.wait([resting], timeout=0.2)
    resting.cancel()
    assert not done


async def test_what_is_due_at_a_time_is_looked_at_then_and_a_clock_that_is_moved_wakes_everybody() -> None:
    clock, looks = ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), list[datetime]()
    second = asyncio.Event()

    async def look() -> int:
        looks.append(clock.now())
        if len(looks) == 2:
            second.set()
        return 0

    rota = Rota(clock, [Chore("hourly", 3600.0, look)])
    rota.start()
    await asyncio.sleep(0)
    clock.move(3600)
    await asyncio.wait_for(second.wait(), 30)
    await rota.stop(5)
    assert looks[1] - looks[0] == timedelta(hours=1)


async def test_a_chore_rests_no_longer_than_until_the_next_thing_is_due() -> None:
    again, looks = asyncio.Event(), list[int]()

    async def look() -> int:
        looks.append(1)
        if len(looks) == 2:
            again.set()
        return 0

    async def soon() -> datetime:
        return SystemClock().now() + timedelta(seconds=0.1)

    rota = Rota(SystemClock(), [Chore("waits", 3600.0, look, due=soon)])
    rota.start()
    await asyncio.wait_for(again.wait(), 30)
    await rota.stop(5)


async def test_what_one_chore_finds_makes_the_others_look() -> None:
    seen, found = asyncio.Event(), iter([0, 0, 1])
    began = asyncio.Event()

    async def finds() -> int:
        began.set()
        return next(found, 0)

    async def looks() -> int:
        if began.is_set():
            seen.set()
        return 0

    rota = Rota(SystemClock(), [Chore("follows", 0.0, looks), Chore("finds", 0.0, finds)])
    rota.start()
    await asyncio.wait_for(seen.wait(), 30)
    await rota.stop(5)
