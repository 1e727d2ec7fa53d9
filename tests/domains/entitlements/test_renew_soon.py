"""The notice before a renewal: once a period, whatever happens, and never mixed with the notices before an end."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.domains.entitlements.conftest import DAY, Firm
from tests.domains.entitlements.series import FIRST, ZONES, zone
from tillwright.domains.entitlements.drafting import Names, begun
from tillwright.domains.entitlements.end_soon import Plan, moment
from tillwright.domains.entitlements.model import Draft, Entitlement, Source
from tillwright.domains.entitlements.renew_soon import due, following

SEED = 20270115


def renewing(renews: datetime, **given: Any) -> Entitlement:
    draft = Draft(
        source=Source("subscription", "sub_1", "si_1"), kind="SUBSCRIPTION", status=given.get("status", "ACTIVE"),
        buyer_id="cus_1", product_id=None, price_id=None, start=FIRST, end=given.get("end"), renews=renews,
    )  # fmt: skip
    return begun("org_1", False, None, draft, Names(), FIRST)


def lives(dice: random.Random, count: int) -> int:
    """Looks at any time, outages, clocks set back, N edited, the switch, periods that move; returns how many told."""
    total = 0
    for _ in range(count):
        plan = Plan(dice.randint(1, 60), zone(dice.choice(ZONES)))
        renews = FIRST + timedelta(seconds=dice.randrange(86_400 * 2500))
        told: set[datetime] = set()
        now = renews - timedelta(seconds=dice.randrange(86_400 * 70))
        for _ in range(4):
            match dice.randrange(8):
                case 0:
                    plan = Plan(dice.randint(1, 60), plan.zone, plan.on)
                case 1:
                    plan = Plan(plan.days, plan.zone, not plan.on)
                case 2:
                    renews += timedelta(days=dice.choice((30, 31, 365, 3)))
                case _:
                    pass
            now += timedelta(seconds=dice.choice((1, 3_600, 86_400, 900_000, -7_200)))
            one, turn = renewing(renews), moment(renews, plan.days, plan.zone)
            notice = due(one, plan, renews in told, now)
            assert (notice is not None) is (plan.on and renews not in told and turn <= now < renews)
            if notice:
                assert (notice.renews, notice.at) == (renews, turn)
                told.add(renews)
                total += 1
                assert due(one, plan, True, now) is None
                assert following(one, plan, True, now) is None
            elif (coming := following(one, plan, renews in told, now)) is not None:
                assert due(one, plan, False, coming.at) is not None, "at its turn it is due"
                assert due(one, plan, False, coming.at - timedelta(seconds=1)) is None, "and no sooner"
    return total


def test_random_lives_tell_each_period_once() -> None:
    print("seed", SEED)
    assert lives(random.Random(SEED), 6_000) > 1_500


@pytest.mark.parametrize("given", [{"status": "SUSPENDED"}, {"status": "CANCELLED"}, {"status": "PENDING_START"}])
def test_what_does_not_run_is_not_told_of(given: dict[str, Any]) -> None:
    renews = FIRST + timedelta(days=1)
    assert due(renewing(renews), Plan(7, UTC), False, FIRST) is not None
    assert due(renewing(renews, **given), Plan(7, UTC), False, FIRST) is None
    assert following(renewing(renews + timedelta(days=20), **given), Plan(7, UTC), False, FIRST) is None


def test_what_has_an_end_does_not_renew() -> None:
    renews = FIRST + timedelta(days=3)
    assert due(renewing(renews, end=renews), Plan(7, UTC), False, FIRST) is None


async def tell_renewals(firm: Firm, days: int = 7, *, on: bool = True) -> None:
    integration = await firm.house.integrations.of(firm.organisation_id)
    settings = {"enable_entitlement_renew_soon_notification": on, "days_before_entitlement_renewal": days}
    await firm.house.integrations.update(firm.principal, expected_version=integration.version, settings=settings)
    await firm.replan()


async def renewals(firm: Firm) -> list[dict[str, Any]]:
    return [data for action, data in await firm.spine() if action == "renew_soon"]


async def test_once_each_period_and_never_for_an_end(firm: Firm) -> None:
    await firm.warn(30)
    await tell_renewals(firm, 7)
    made = firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    first = (await firm.one()).renews
    assert first is not None
    for _ in range(62):
        await firm.pass_days(1)
    told = await renewals(firm)
    assert [t["daysLeft"] for t in told] == [7, 7]
    assert len({t["renewTime"] for t in told}) == 2
    assert await firm.notices() == [], "what renews has no end"
    await asyncio.gather(*(firm.house.entitlements.sweep_step() for _ in range(4)))
    firm.sandbox.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    await firm.keep_up()
    await firm.pass_days(27)
    assert len(await renewals(firm)) == 2, "one that ends does not renew"
    sent = await firm.notices()
    assert sent, "the notices before its end go out by their own rule"
    assert sent[0]["initial"] is True, "and know nothing of the renewals told of"


async def test_off_by_default_and_switched_on_late_tells_the_present_period(firm: Firm) -> None:
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    await firm.pass_days(27)
    assert await renewals(firm) == []
    assert (await firm.one()).check is None, "nothing looks at it while nothing is told"
    await tell_renewals(firm, 7)
    await firm.keep_up()
    assert len(await renewals(firm)) == 1
    await tell_renewals(firm, 20)
    await firm.keep_up()
    assert len(await renewals(firm)) == 1, "another N tells the same period no second time"
    await tell_renewals(firm, on=False)
    await firm.pass_days(31)
    assert len(await renewals(firm)) == 1


async def test_a_switch_for_notices_before_an_end_changes_nothing_here(firm: Firm) -> None:
    await tell_renewals(firm, 7)
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    one = await firm.one()
    await firm.house.entitlements.set_notices(firm.principal, one.id, on=False, days=10)
    await firm.pass_days(26)
    assert len(await renewals(firm)) == 1
    (told,) = await firm.house.entitlements.renewals_told(firm.principal, one.id)
    assert told.renews == one.renews


async def test_many_sweeps_at_once_tell_each_period_once(firm: Firm) -> None:
    await tell_renewals(firm, 7)
    for number in range(8):
        firm.shop.subscribe(firm.shop.customer(), firm.shop.price(1000 + number))
    await firm.keep_up()
    firm.clock.move(26 * DAY)
    await asyncio.gather(*(firm.house.entitlements.sweep_step(limit=2) for _ in range(6)))
    told = await renewals(firm)
    assert len(told) == len({t["entitlementId"] for t in told}) == 8


async def test_what_would_be_told_writes_nothing(firm: Firm) -> None:
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    one = await firm.one()
    assert one.renews is not None
    at = one.renews - timedelta(days=3)
    assert await firm.house.entitlements.would_tell_renewals(firm.principal, at) == []
    await tell_renewals(firm, 7)
    (would,) = await firm.house.entitlements.would_tell_renewals(firm.principal, at)
    assert (would.entitlement.id, would.notice.days_left) == (one.id, 3)
    assert await renewals(firm) == []


def test_a_clock_that_changes_keeps_the_time_of_day() -> None:
    # Berlin goes to summer time on 28 March 2027.
    one = renewing(datetime(2027, 4, 1, 10, tzinfo=UTC))
    coming = following(one, Plan(7, zone("Europe/Berlin")), False, FIRST)
    assert coming is not None
    assert coming.at == datetime(2027, 3, 25, 11, tzinfo=UTC)
