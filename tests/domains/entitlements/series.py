"""Lives of one entitlement's notices, random by a seed, told against a model that knows nothing of the code's own."""

from __future__ import annotations

import calendar
import functools
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from tillwright.domains.entitlements.end_soon import Plan, due, following, moment

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = sorted(available_timezones())


@functools.cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def awkward_end(dice: random.Random) -> datetime:
    """Month ends, leap days, new years, and the weeks in which clocks change, as often as any other day."""
    year = dice.randint(2026, 2033)
    choice = dice.randrange(5)
    if choice == 0:
        month = dice.randint(1, 12)
        day = datetime(year, month, calendar.monthrange(year, month)[1], tzinfo=UTC)
    elif choice == 1:
        day = datetime(dice.choice((2028, 2032)), 2, 29, tzinfo=UTC)
    elif choice == 2:
        day = datetime(year, dice.choice((3, 4, 9, 10, 11)), dice.randint(1, 30), tzinfo=UTC)
    elif choice == 3:
        day = datetime(year, 1, 1, tzinfo=UTC)
    else:
        day = FIRST + timedelta(days=dice.randrange(2500))
    return day + timedelta(seconds=dice.choice((0, 1, 3599, 43_200, 86_399, dice.randrange(86_400))))


def punctual(days: int, zone_name: str, end: datetime) -> list[int]:
    """Looked at whenever something is due: the whole series, in order, each once."""
    plan = Plan(days, zone(zone_name))
    sent: list[int] = []
    now = end - timedelta(days=days + 2)
    assert due(end, plan, sent, now) is None
    while (coming := following(end, plan, sent, now)) is not None:
        assert coming.at > now
        assert due(end, plan, sent, coming.at - timedelta(seconds=1)) is None, "too early"
        now = coming.at
        notice = due(end, plan, sent, now)
        assert notice is not None
        assert (notice.offset, notice.at, notice.initial) == (coming.offset, now, not sent)
        wall, shown = end.astimezone(plan.zone), now.astimezone(plan.zone)
        if wall.time() == shown.time():  # else the clocks skipped that time, which may be past midnight
            assert notice.days_left == notice.offset, "the reader counts the days that the offset says"
        assert abs(end - now - timedelta(days=notice.offset)) < timedelta(hours=26)
        sent.append(notice.offset)
    assert due(end, plan, sent, end) is None
    return sent


def life(dice: random.Random, looks: int = 4) -> int:
    """Looks at random times: outages, clocks set back, N edited, the switch, ends that move. Returns how many went out.

    The model: what has gone out for an end, and the newest grid moment that has passed under the present plan.
    """
    plan = Plan(dice.randint(10, 60), zone(dice.choice(ZONES)))
    end = awkward_end(dice)
    ends = {end}
    sent: dict[datetime, list[int]] = {end: []}
    now = end - timedelta(days=dice.randint(0, 75), seconds=dice.randrange(86_400))
    total = 0
    for _ in range(looks):
        deed = dice.randrange(12)
        if deed == 0:
            plan = Plan(dice.randint(10, 60), plan.zone, plan.on)
        elif deed == 1:
            plan = Plan(plan.days, plan.zone, not plan.on)
        elif deed == 2:
            end = dice.choice(sorted(ends)) if dice.random() < 0.3 else end + timedelta(days=dice.randint(-20, 40))
            ends.add(end)
        now += timedelta(seconds=dice.choice((1, 3_600, 86_400, 432_000, 2_000_000, -7_200, -600_000)))
        before = sent.setdefault(end, [])
        notice = due(end, plan, before, now)
        passed = [n for n in range(plan.days, 0, -5) if moment(end, n, plan.zone) <= now]
        wanted = min(passed) if plan.on and now < end and passed else None
        if wanted is not None and before and min(before) <= wanted:
            wanted = None
        assert (notice.offset if notice else None) == wanted, (plan, end, before, now)
        if notice:
            assert notice.offset not in before, "doubled"
            assert notice.at <= now < end
            assert notice.initial is (not before)
            before.append(notice.offset)
            total += 1
            assert due(end, plan, before, now) is None, "looking twice sends twice"
    for offsets in sent.values():
        assert offsets == sorted(set(offsets), reverse=True), "each nearer than the one before"
    return total
