"""Quiet hours and the one mail a day, over every time zone: always later, never lost, never in the night."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.domains.notifications.hours import check
from tillwright.domains.notifications.timing import release

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
    """For each zone, 40 moments: released in time, not in the quiet, and the one mail a day at its hour."""
    seed = 20270115
    print("seed", seed)
    dice = random.Random(seed)
    zones = [ZoneInfo(name) for name in sorted(available_timezones())]
    for zone in zones:
        for _ in range(40):
            check(dice, zone)
    assert len(zones) > 500
