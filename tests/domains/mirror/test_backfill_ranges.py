"""A long list is read in ranges at the same time: each object once, in hardly more requests than one reader needs."""

from __future__ import annotations

import asyncio
import os
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import NOON, OneKey, Scripted
from tillwright.domains.mirror import BackfillState, Mirror, Progress
from tillwright.domains.mirror.backfill import plan, store
from tillwright.domains.mirror.backfill.pages import Place, read, request
from tillwright.domains.mirror.backfill.plan import Reach, cut, left, time_left
from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import Facts, RequestRefused
from tillwright.kit.clock import ManualClock

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
CHARGES = "/v1/charges"


class Long(Scripted):
    """A list of small objects, oldest last; counts how often each row was given away."""

    def __init__(self, times: list[int], clock: ManualClock, *, latency: float = 0.0) -> None:
        super().__init__(lists={kind.path: [] for kind in KINDS})
        times = sorted(times)
        self.times, self.latency, self.clock = times, latency, clock
        self.given: Counter[str] = Counter()
        self.under_way = self.most_under_way = 0
        self.place = {f"ch_{number}": number for number in range(len(times))}

    async def get(self, access: Any, path: str, params: Any = None, **options: Any) -> Answer:
        self.under_way += path == CHARGES
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(self.latency)
        try:
            return await super().get(access, path, params, **options)
        finally:
            self.under_way -= path == CHARGES

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if path != CHARGES:
            return super().page(path, params)
        bounds = params.get("created", {})
        start = bisect_left(self.times, bounds["gte"]) if "gte" in bounds else 0
        stop = bisect_right(self.times, bounds["lte"]) if "lte" in bounds else len(self.times)
        if "starting_after" in params:
            stop = min(stop, self.place[params["starting_after"]])
        chosen = range(stop - 1, max(start, stop - params["limit"]) - 1, -1)
        self.given.update(f"ch_{number}" for number in chosen)
        rows = [{"id": f"ch_{number}", "object": "charge", "created": self.times[number]} for number in chosen]
        return {"object": "list", "data": rows, "has_more": len(chosen) > 0 and chosen[-1] > start}


def shape(name: str, size: int, dice: random.Random) -> list[int]:
    now = int(NOON.timestamp())
    year = 365 * 86_400
    if name == "even":
        return [now - dice.randrange(2 * year) for _ in range(size)]
    if name == "growing":
        return [now - int(3 * year * dice.random() ** 3) for _ in range(size)]
    if name == "one day":  # an import: almost everything within an hour, long ago
        return [now - year + dice.randrange(3600) for _ in range(size - 50)] + [now - 86_400 * n for n in range(50)]
    if name == "bursts":
        days = [now - dice.randrange(year) for _ in range(12)]
        return [dice.choice(days) + dice.randrange(5) for _ in range(size)]
    return [now] * size  # one second


async def begin(mirror: Mirror, database: Database, organisation: str) -> None:
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)


async def charges(mirror: Mirror, database: Database, organisation: str) -> Progress:
    async with database.tenant(organisation) as tx:
        return next(row for row in await mirror.backfill_progress(tx) if row.object == "charge")


async def kept(database: Database, organisation: str) -> int:
    async with database.tenant(organisation) as tx:
        row = await (await tx.execute("select count(*) as n from mirror_objects where object = 'charge'")).fetchone()
    assert row is not None
    return row["n"]


@pytest.mark.parametrize("name", ["even", "growing", "one day", "bursts", "one second"])
async def test_few_more_requests_than_one_reader_needs_and_each_row_once(
    name: str, database: Database, organisation: str, clock: ManualClock
) -> None:
    print(f"SEED={SEED}")
    size = 6_000 if name == "even" else 3_000
    stripe = Long(shape(name, size, random.Random(SEED)), clock, latency=0.05 if name == "even" else 0)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    while await mirror.backfill_step():
        pass
    done = await charges(mirror, database, organisation)
    assert (done.state, done.done) == (BackfillState.DONE, size)
    assert await kept(database, organisation) == size
    assert set(stripe.given.values()) == {1}, "nothing was asked for twice"
    assert stripe.asked[CHARGES] <= 1.1 * ceil(size / plan.PAGE), name
    if size > 5_000:
        assert stripe.most_under_way >= 3, "a long list is read at several places at the same time"


async def test_readers_killed_anywhere_lose_nothing_and_repeat_only_the_pages_in_flight(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    """Two processes with readers that are cut off at any await, again and again."""
    print(f"SEED={SEED}")
    dice = random.Random(SEED)
    stripe = Long(shape("growing", 5_000, dice), clock, latency=0.002)
    mirrors = [Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe) for _ in range(2)]
    await begin(mirrors[0], database, organisation)
    cut_off = 0
    while (await charges(mirrors[0], database, organisation)).state is not BackfillState.DONE:
        steps = [asyncio.create_task(mirror.backfill_step(most=10)) for mirror in mirrors]
        if cut_off < 25:
            await asyncio.sleep(dice.random() * 0.05)
            for step in steps[: dice.randrange(3)]:
                step.cancel()
            cut_off += 1
        await asyncio.gather(*steps, return_exceptions=True)
        clock.move(store.LEASE.total_seconds())  # a dead reader's range is taken on after its lease
    assert cut_off >= 5
    assert await kept(database, organisation) == 5_000
    assert (await charges(mirrors[0], database, organisation)).done == 5_000, "no page was counted twice"
    in_flight = 2 * cut_off * plan.at_once(False)
    assert stripe.asked[CHARGES] <= 1.1 * 50 + in_flight
    assert max(stripe.given.values()) <= 1 + cut_off


async def test_readers_told_to_stop_leave_their_ranges_to_the_next(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    stripe = Long(shape("even", 3_000, random.Random(3)), clock, latency=0.05)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    stopped = asyncio.create_task(mirror.backfill_step())
    while stripe.most_under_way < 2:  # noqa: ASYNC110 - whoever reads tells nobody
        await asyncio.sleep(0.01)
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    while await mirror.backfill_step():  # at the same moment: no lease was waited for
        pass
    assert (await charges(mirror, database, organisation)).done == 3_000


async def test_lists_are_read_beside_each_other_not_one_after_the_other(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    """Each has a rate of its own: the last of them would be read at its own rate alone, all others done."""
    async with database.tenant(organisation) as tx:
        await store.start(tx, organisation, True, [BY_OBJECT["charge"], BY_OBJECT["refund"]], clock.now(), again=False)
        for kind in ("charge", "refund"):
            for number in range(2, 11):
                await tx.execute(
                    "insert into mirror_ranges (organisation_id, livemode, object, number, position, state, next_at, "
                    "updated) values (%s, true, %s, %s, %s, 'WAITING', %s, %s)",
                    (organisation, kind, number, 0 if kind == "charge" else 1, clock.now(), clock.now()),
                )
        claimed = [await store.claim(tx, organisation, f"lease{n}", clock.now()) for n in range(8)]
    assert Counter(place.object for place in claimed if place) == {"charge": 4, "refund": 4}


async def test_lists_by_parent_come_after_the_parents_and_skip_one_that_is_gone(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    asked: list[tuple[str, str | None]] = []
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists["/v1/radar/value_lists"] = [
        {"id": f"rsl_{n}", "object": "radar.value_list", "created": 100 - n} for n in range(4)
    ]
    long = {"object": "list", "data": [], "has_more": True}
    lists["/v1/subscriptions"] = [
        {"id": "sub_1", "object": "subscription", "created": 2, "items": long},
        {"id": "sub_2", "object": "subscription", "created": 1, "items": long | {"has_more": False}},
    ]

    class Children(Scripted):
        def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
            if path == "/v1/radar/value_list_items":
                asked.append((params["value_list"], params.get("starting_after")))
                if params["value_list"] == "rsl_1":
                    said = Facts(status=400, code="resource_missing", param="value_list")
                    raise RequestRefused("stripe_request_refused", "No such list", said)
                if params["value_list"] == "rsl_2":
                    first = int(params.get("starting_after", "rsli_150").removeprefix("rsli_")) - 1
                    rows = [{"id": f"rsli_{n}", "object": "radar.value_list_item", "created": n}
                            for n in range(first, max(-1, first - 100), -1)]  # fmt: skip
                    return {"object": "list", "data": rows, "has_more": first > 100}
            if path == "/v1/subscription_items":
                asked.append((params["subscription"], None))
            return super().page(path, params)

    stripe = Children(lists=lists)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    while await mirror.backfill_step():
        pass
    assert sorted(asked, key=str) == sorted(
        [("rsl_0", None), ("rsl_1", None), ("rsl_2", None), ("rsl_2", "rsli_50"), ("rsl_3", None), ("sub_1", None)],
        key=str,
    )
    async with database.tenant(organisation) as tx:
        rows = {row.object: row for row in await mirror.backfill_progress(tx)}
    assert rows["radar.value_list_item"].done == 150
    assert {row.state for row in rows.values()} == {BackfillState.DONE}
    assert stripe.asked["/v1/entitlements/active_entitlements"] == 0, "the account has no features"


async def test_an_account_that_was_never_set_up_for_something_is_not_a_failure(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    async def refuse(path: str, params: Mapping[str, Any]) -> None:
        if path == "/v1/issuing/cards":
            said = Facts(status=400, message="Your account is not set up to use Issuing.")
            raise RequestRefused("stripe_request_refused", "Your account is not set up to use Issuing.", said)

    stripe = Scripted(lists={kind.path: [] for kind in KINDS}, before=refuse)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    while await mirror.backfill_step():
        pass
    async with database.tenant(organisation) as tx:
        rows = {row.object: row for row in await mirror.backfill_progress(tx)}
    assert rows["issuing.card"].state is BackfillState.ABSENT
    assert rows["issuing.card"].error is not None


async def test_a_small_organisation_does_not_wait_for_a_big_one(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    stripe = Long(shape("even", 20_000, random.Random(1)), clock, latency=0.001)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    await mirror.backfill_step(most=100)
    small = await make_organisation(database, "Small")
    async with database.tenant(small) as tx:
        await store.start(tx, small, False, [BY_OBJECT["coupon"], BY_OBJECT["price"]], clock.now(), again=False)
    await mirror.backfill_step(parallel=8, most=20)
    async with database.tenant(small) as tx:
        assert {row.state for row in await mirror.backfill_progress(tx)} == {BackfillState.DONE}
    assert (await charges(mirror, database, organisation)).state is BackfillState.RUNNING


async def test_no_more_readers_than_the_account_can_use(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    stripe = Long(shape("even", 4_000, random.Random(2)), clock, latency=0.05)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await begin(mirror, database, organisation)
    while await mirror.backfill_step(parallel=30):
        pass
    assert 2 <= stripe.most_under_way <= plan.AT_ONCE


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("reach", "facts", "answer"),
    [
        (Reach(at(0), at(-100), None, 1000), {"pages": 10, "ranges": 1, "running": 1}, at(-200)),
        (Reach(at(0), at(-100), None, 1000), {"pages": 9, "ranges": 1, "running": 1}, None),
        (Reach(at(0), at(-100), None, 1000), {"pages": 19, "ranges": 2, "running": 2}, None),
        (Reach(at(0), at(-100), None, 1000), {"pages": 99, "ranges": 2, "running": plan.AT_ONCE}, None),
        (Reach(at(0), at(-100), at(-200), 1000), {"pages": 20, "ranges": 1, "running": 1}, at(-150)),
        (Reach(at(0), at(-100), at(-110), 1000), {"pages": 20, "ranges": 1, "running": 1}, None),
        (Reach(at(0), at(0), None, 1000), {"pages": 10, "ranges": 1, "running": 1}, at(-1)),
        (Reach(at(0), at(0), at(-1), 1000), {"pages": 10, "ranges": 1, "running": 1}, None),
        (Reach(at(0), at(-100), at(-100), 1000), {"pages": 10, "ranges": 1, "running": 1}, None),
    ],
)
def test_where_a_range_is_cut(reach: Reach, facts: dict[str, int], answer: datetime | None) -> None:
    assert cut(reach, list_newest=at(0), **facts) == answer


def test_what_is_left_and_how_long_it_takes() -> None:
    assert left(Reach(at(0), at(-100), at(-300), 1000)) == 2000
    assert left(Reach(at(0), at(-100), None, 1000)) == float("inf")
    assert time_left(100, 300, at(0), at(10)) == timedelta(seconds=20)
    assert time_left(100, None, at(0), at(10)) is None
    assert time_left(0, 300, at(0), at(10)) is None
    assert time_left(400, 300, at(0), at(10)) == timedelta()


def test_copies_are_listed_ones() -> None:
    place = Place(False, "charge", 1, at(-60), at(0), None, None, "ch_9", at(0), 0, 0)
    path, params = request(place)
    noon = int(NOON.timestamp())
    assert (path, params["created"]) == (CHARGES, {"lte": noon, "gte": noon - 60})
    assert params["starting_after"] == "ch_9"
    page = {"data": [{"id": "ch_1", "created": noon}, {"id": "ch_2", "deleted": True}], "has_more": True}
    found = read(page, place, "acct_1", NOON)
    assert all(isinstance(copy, FetchedCopy) and copy.listed for copy in found.copies)
    assert (found.copies[1].body, found.first, found.cursor_id, found.more) == (None, NOON, "ch_2", True)
