"""A commit whose answer is lost, anywhere in a backfill: no page is counted twice, nobody waits for a dead lease."""

from __future__ import annotations

import os
import random

import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import OneKey
from tests.domains.mirror.test_backfill_ranges import CHARGES, Long, begin, charges, kept, shape
from tests.line import Line, Moment
from tests.server_trouble import crash, full_disk, needs_full_device
from tillwright.domains.mirror import BackfillState, Mirror
from tillwright.domains.mirror.backfill import plan
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Upstream

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
SIZE = 3_000


async def all_done(mirror: Mirror, database: Database, organisation: str) -> bool:
    async with database.tenant(organisation) as tx:
        return {row.state for row in await mirror.backfill_progress(tx)} == {BackfillState.DONE}


@pytest.mark.parametrize("moment", ["asked", "answered"])
async def test_a_page_whose_commit_lost_its_answer_is_counted_once(
    database: Database, line: Line, organisation: str, clock: ManualClock, moment: Moment
) -> None:
    print(f"SEED={SEED}")
    dice, lost = random.Random(SEED), 0
    stripe = Long(shape("growing", SIZE, dice), clock)
    async with Database(line.url, size=6) as reached:
        mirror = Mirror(clock=clock, database=reached, keys=OneKey(), reader=stripe)
        await begin(mirror, database, organisation)
        done = 1
        while done:
            # The clock stands still: a range that stayed with its dead reader would never be read to its end.
            line.cut(dice.randrange(1, 20), moment=moment)
            try:
                done = await mirror.backfill_step(most=60)
            except Upstream:
                lost += 1
    assert lost >= 2, "the line was cut in the midst of it"
    assert await all_done(mirror, database, organisation)
    assert await kept(database, organisation) == (await charges(mirror, database, organisation)).done == SIZE
    assert stripe.asked[CHARGES] <= 1.1 * SIZE / plan.PAGE + lost * plan.at_once(False)


async def test_a_server_that_crashes_under_a_backfill_costs_the_pages_in_flight(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    stripe = Long(shape("even", SIZE, random.Random(5)), clock)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    await mirror.backfill_step(most=20)
    crashed = 0

    async def then(path: str, _: object) -> None:
        nonlocal crashed
        if path == CHARGES and not crashed:
            crashed += 1
            crash(database.owner_url)

    stripe.before = then
    failed, done = 0, 1
    while done:
        try:
            done = await mirror.backfill_step()
        except Upstream:
            failed += 1
            assert failed < 100
    assert crashed, "it crashed in the midst of it"
    assert await all_done(mirror, database, organisation)
    assert await kept(database, organisation) == (await charges(mirror, database, organisation)).done == SIZE
    assert stripe.asked[CHARGES] <= 1.1 * SIZE / plan.PAGE + failed * plan.at_once(False)


@needs_full_device
async def test_a_backfill_waits_for_room_on_a_full_disk(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    other = await make_organisation(database, "Other")
    stripe = Long(shape("even", 500, random.Random(6)), clock)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    for each in (organisation, other):
        await begin(mirror, database, each)
    with full_disk(database.owner_url, "mirror_objects"):
        for _ in range(3):
            with pytest.raises(Upstream) as refusal:
                while await mirror.backfill_step():
                    pass
            assert refusal.value.code == "database_full"
    while await mirror.backfill_step():
        pass
    for each in (organisation, other):
        assert await all_done(mirror, database, each)
        assert await kept(database, each) == (await charges(mirror, database, each)).done == 500
