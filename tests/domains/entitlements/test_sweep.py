"""The sweep over the real database: the whole series, once each, whatever happens to settings, clocks and ends."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

import pytest

from tests.domains.entitlements.conftest import DAY, Firm
from tillwright.domains.entitlements import Entitlement
from tillwright.kit.errors import Absent, Invalid


async def made(firm: Firm, days: float, **given: object) -> Entitlement:
    """One made by hand that ends in so many days."""
    customer, price = firm.shop.customer(None), firm.shop.price()
    await firm.keep_up(sweep=False)
    end = firm.clock.now() + timedelta(days=days)
    values = {"buyer_id": customer.id, "price_id": price.id, "product_id": None, "name": "", "start": None}
    return await firm.house.entitlements.create(firm.principal, **(values | {"end": end.isoformat()} | given))


async def offsets(firm: Firm) -> list[int]:
    return [told["offset"] for told in await firm.notices()]


async def test_the_whole_series_and_then_the_end(firm: Firm) -> None:
    await firm.warn(30)
    one = await made(firm, 35)
    assert one.end is not None
    await firm.until(one.end + timedelta(days=1))
    told = await firm.notices()
    assert [(t["offset"], t["daysLeft"], t["initial"]) for t in told] == [
        (30, 30, True), (25, 25, False), (20, 20, False), (15, 15, False), (10, 10, False), (5, 5, False),
    ]  # fmt: skip
    assert told[0]["entitlementId"] == one.id
    assert told[0]["endTime"] == one.end.isoformat().replace("+00:00", "Z")
    assert told[0]["buyerEmail"] == "buyer@example.com"
    assert await firm.told() == ["create", *["end_soon"] * 6, "terminate"]
    assert (await firm.one()).check is None


async def test_off_until_it_is_switched_on_then_one_at_once_and_the_grid(firm: Firm) -> None:
    one = await made(firm, 22)
    assert one.end is not None
    await firm.until(one.end - timedelta(days=12))
    assert await offsets(firm) == []
    await firm.warn(30)
    await firm.keep_up()
    assert await offsets(firm) == [15]
    await firm.until(one.end)
    assert await offsets(firm) == [15, 10, 5]


async def test_down_for_a_fortnight_sends_the_newest_only(firm: Firm) -> None:
    await firm.warn(30)
    one = await made(firm, 31)
    assert one.end is not None
    firm.clock.move(15 * DAY)
    await firm.keep_up()
    assert await offsets(firm) == [20]
    firm.clock.move(-3 * DAY)
    await firm.keep_up()
    await firm.until(one.end)
    assert await offsets(firm) == [20, 15, 10, 5]


async def test_n_edited_sends_nothing_again(firm: Firm) -> None:
    await firm.warn(20)
    one = await made(firm, 40)
    assert one.end is not None
    await firm.until(one.end - timedelta(days=14))
    assert await offsets(firm) == [20, 15]
    await firm.warn(60)
    await firm.keep_up()
    assert await offsets(firm) == [20, 15]
    await firm.until(one.end)
    assert await offsets(firm) == [20, 15, 10, 5]


async def test_a_longer_n_reaches_those_whose_turn_was_later(firm: Firm) -> None:
    await firm.warn(10)
    one = await made(firm, 50)
    await firm.keep_up()
    await firm.warn(60)
    await firm.keep_up()
    assert await offsets(firm) == [50]
    assert one.id == (await firm.notices())[0]["entitlementId"]


async def test_a_moved_end_is_a_new_series_and_moved_back_repeats_nothing(firm: Firm) -> None:
    await firm.warn(10)
    one = await made(firm, 8)
    assert one.end is not None
    await firm.keep_up()
    later = one.end + timedelta(days=1)
    await firm.house.entitlements.set_end(firm.principal, one.id, later.isoformat())
    await firm.keep_up()
    await firm.house.entitlements.set_end(firm.principal, one.id, one.end.isoformat())
    await firm.keep_up()
    told = await firm.notices()
    assert [(t["offset"], t["initial"], t["endTime"][:10]) for t in told] == [
        (10, True, one.end.date().isoformat()),
        (10, True, later.date().isoformat()),
    ]


async def test_renewed_or_made_endless_stops(firm: Firm) -> None:
    await firm.warn(30)
    one = await made(firm, 27)
    await firm.keep_up()
    await firm.house.entitlements.set_end(firm.principal, one.id, None)
    await firm.until(firm.clock.now() + timedelta(days=40))
    assert await offsets(firm) == [30]


async def test_a_subscription_taken_back_stops_and_begins_anew(firm: Firm) -> None:
    await firm.warn(30)
    subscription = firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    assert await offsets(firm) == [], "one that renews has no end"
    v1 = firm.sandbox.client.v1
    v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    await firm.keep_up()
    await firm.pass_days(2)
    v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    await firm.keep_up()
    await firm.pass_days(10)
    assert len(await offsets(firm)) == 1
    v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    await firm.keep_up()
    assert len(await offsets(firm)) == 2, "the same end: what went out is not sent again, what is newer is"


async def test_what_is_set_for_one_alone_weighs_more(firm: Firm) -> None:
    await firm.warn(10, on=False)
    one = await made(firm, 20)
    await firm.house.entitlements.set_notices(firm.principal, one.id, on=True, days=20)
    await firm.keep_up()
    assert await offsets(firm) == [20]
    with pytest.raises(Invalid, match="10 to 60"):
        await firm.house.entitlements.set_notices(firm.principal, one.id, on=None, days=9)


async def test_the_calendar_is_the_organisations(firm: Firm) -> None:
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        await tx.execute("update organisations set time_zone = 'America/New_York'")
    await firm.warn(10)
    # New York goes to summer time on 14 March 2027: an end at noon there, five days before it is noon there too.
    one = await made(firm, 0, end="2027-03-17T16:00:00+00:00")
    assert one.end is not None
    await firm.until(one.end - timedelta(days=7))
    sent = (await firm.house.entitlements.sent(firm.principal, [one]))[one.id]
    assert [notice.at.isoformat(timespec="seconds") for notice in sent] == ["2027-03-07T17:00:00+00:00"]


async def test_many_sweeps_at_once_send_each_once(firm: Firm) -> None:
    """Twenty entitlements, five sweeps at a time, a clock that jumps both ways: none missed, none doubled."""
    seed = 4711
    dice = random.Random(seed)
    print("seed", seed)
    await firm.warn(30)
    ends = {}
    for _ in range(20):
        one = await made(firm, dice.uniform(1, 60))
        assert one.end is not None
        ends[one.id] = one.end
    while firm.clock.now() < max(ends.values()) + timedelta(days=1):
        firm.clock.move(dice.choice((DAY, DAY, DAY, DAY // 3, -DAY // 2)))
        for _ in range(2):
            await asyncio.gather(*(firm.house.entitlements.sweep_step(limit=3) for _ in range(5)))
    told = await firm.notices()
    keys = [(t["entitlementId"], t["offset"]) for t in told]
    assert len(keys) == len(set(keys)), "doubled"
    for entitlement_id in ends:
        mine = [offset for id, offset in keys if id == entitlement_id]
        assert mine == sorted(mine, reverse=True)
        assert mine, "each of them ended after at least one notice"
        assert mine[-1] == 5
        assert all(a - b == 5 for a, b in itertools.pairwise(mine)), "none missed"
    assert (await firm.told()).count("terminate") == 20


async def test_what_would_be_sent_writes_nothing(firm: Firm) -> None:
    await firm.warn(30)
    one = await made(firm, 40)
    assert one.end is not None
    would = await firm.house.entitlements.would_send(firm.principal, one.end - timedelta(days=18))
    assert [(w.entitlement.id, w.notice.offset, w.notice.initial) for w in would] == [(one.id, 20, True)]
    assert await offsets(firm) == []
    assert await firm.house.entitlements.would_send(firm.principal, one.end) == []


async def test_nothing_is_sent_of_what_was_disconnected(firm: Firm) -> None:
    await firm.warn(30)
    one = await made(firm, 20)
    await firm.house.removal.delete_integration(firm.principal)
    await firm.keep_up(sweep=True)
    assert await offsets(firm) == []
    with pytest.raises(Absent):
        await firm.house.entitlements.get(firm.principal, one.id)
