"""Quiet hours and the one mail a day, over every time zone: always later, never lost, never in the night."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tillwright.domains.notifications.timing import DAY, digest_due, is_quiet, release

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (22 * 60, 7 * 60)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2027-01-15T12:00", "2027-01-15T12:00"),
        ("2027-01-15T21:59:59", "2027-01-15T21:59:59"),
        ("2027-01-15T22:00", "2027-01-16T07:00"),
        ("2027-01-16T00:00", "2027-01-16T07:00"),
        ("2027-01-16T06:59:59", "2027-01-16T07:00"),
        ("2027-01-16T07:00", "2027-01-16T07:00"),
        ("2027-03-27T23:30", "2027-03-28T07:00"),  # that night has 23 hours
        ("2027-10-30T23:30", "2027-10-31T07:00"),  # that one 25
        ("2028-02-28T23:00", "2028-02-29T07:00"),
    ],
)
def test_a_night_ends_in_the_morning(now: str, then: str) -> None:
    assert release(at(now), BERLIN, *NIGHT) == at(then)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    assert release(at("2027-01-15T12:30"), BERLIN, 12 * 60, 13 * 60) == at("2027-01-15T13:00")
    assert release(at("2027-01-15T12:30"), BERLIN, None, None) == at("2027-01-15T12:30")
    assert release(at("2027-01-15T12:30"), BERLIN, 600, 600) == at("2027-01-15T12:30")


def test_every_zone_over_every_change_of_the_clocks() -> None:
    """For each zone, moments around its changes: released in time, not in the quiet, and the digest at its hour."""
    seed = 20270115
    print("seed", seed)
    dice = random.Random(seed)
    checked = 0
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for _ in range(40):
            now = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(2 * 365 * DAY))
            start, end, hour = dice.randrange(DAY), dice.randrange(DAY), dice.randrange(24)
            then = release(now, zone, start, end)
            local = then.astimezone(zone)
            assert now <= then <= now + timedelta(hours=50), (name, now, start, end)
            skipped = local.hour * 60 + local.minute != end
            assert then == now or not is_quiet(local.hour * 60 + local.minute, start, end) or skipped, (name, now)
            digest = digest_due(now, zone, hour)
            assert now < digest <= now + timedelta(hours=50), (name, now, hour)
            assert digest.astimezone(zone).hour == hour or _is_skipped(digest, zone), (name, now, hour)
            checked += 1
    assert checked > 20_000


def _is_skipped(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks change within the hours around."""
    offsets = {(moment + timedelta(hours=h)).astimezone(zone).utcoffset() for h in (-25, -3, 0, 3, 25)}
    return len(offsets) > 1
