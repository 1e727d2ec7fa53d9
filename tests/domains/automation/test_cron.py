"""Schedules: due when their time zone's clock says so, over the changes of that clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tillwright.domains.automation import cron


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "due"),
    [
        ("0 9 * * 1", "UTC", "2027-01-15T12:00", "2027-01-18T09:00"),
        ("0 9 * * 1", "Europe/Berlin", "2027-01-15T12:00", "2027-01-18T08:00"),
        ("0 9 * * 1", "Europe/Berlin", "2027-07-15T12:00", "2027-07-19T07:00"),
        ("0 9 * * *", "UTC", "2027-01-15T09:00", "2027-01-16T09:00"),
        # Skipped by summer time: an hour later on that day.
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", "2027-03-28T01:30"),
        ("30 2 * * *", "Europe/Berlin", "2027-03-28T01:30", "2027-03-29T00:30"),
        # Twice in autumn: the first time only.
        ("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00", "2027-10-31T00:30"),
        ("30 2 * * *", "Europe/Berlin", "2027-10-31T00:30", "2027-11-01T01:30"),
        # Every hour is every hour.
        ("0 * * * *", "Europe/Berlin", "2027-10-31T00:00", "2027-10-31T01:00"),
        ("0 * * * *", "Europe/Berlin", "2027-10-31T01:00", "2027-10-31T02:00"),
        ("*/30 * * * *", "Europe/Berlin", "2027-10-31T00:10", "2027-10-31T00:30"),
        ("0 0 29 2 *", "UTC", "2025-01-01T00:00", "2028-02-29T00:00"),
        ("0 0 * * *", "Asia/Kathmandu", "2027-01-01T00:00", "2027-01-01T18:15"),
    ],
)
def test_the_next_time(schedule: str, zone: str, after: str, due: str) -> None:
    assert cron.next_after(schedule, zone, at(after)) == at(due)


@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "hello", 5, None, "@daily"]
)
def test_what_is_no_schedule(schedule: object) -> None:
    assert cron.complaint(schedule)


def test_every_hour_of_every_zone_comes_once_a_day_at_least() -> None:
    for zone in sorted(cron.time_zones())[::40]:
        moment = at("2027-01-01T00:00")
        for _ in range(20):
            following = cron.next_after("17 */6 * * *", zone, moment)
            assert 0 < (following - moment).total_seconds() <= 8 * 3600, (zone, moment)
            moment = following


def test_half_an_hour_put_forward_turns_no_times_around() -> None:
    """Lord Howe's clocks go from 02:00 to 02:30: what was due at 02:05 comes at 02:35, and 02:30 before it."""
    times = cron.times_after("5,30 2 * * *", "Australia/Lord_Howe", at("2027-10-02T12:00:00Z"))
    assert [next(times) for _ in range(3)] == [
        at("2027-10-02T15:30:00Z"), at("2027-10-02T15:35:00Z"), at("2027-10-03T15:05:00Z"),
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Antarctica/Troll", "UTC"])
@pytest.mark.parametrize("schedule", ["*/20 * * * *", "10,50 2,3 * * *", "30 1-3 * * *"])
def test_one_by_one_and_in_a_row_they_are_the_same(schedule: str, zone: str) -> None:
    for start in ("2027-03-27T20:00:00Z", "2027-10-30T20:00:00Z", "2027-10-02T10:00:00Z", "2027-04-03T10:00:00Z"):
        times, moment = cron.times_after(schedule, zone, at(start)), at(start)
        for _ in range(40):
            moment = cron.next_after(schedule, zone, moment)
            assert next(times) == moment
