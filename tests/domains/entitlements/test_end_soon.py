"""The schedule of notices: every N, every time zone, daylight saving, moved ends, edits, outages."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.domains.entitlements.series import ZONES, awkward_end, life, punctual
from tillwright.domains.entitlements.end_soon import Plan, days_left, due, following, moment, offsets, zone_named

END = datetime(2027, 3, 31, 17, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SEED = 20270115


@pytest.mark.parametrize("part", range(3))
def test_every_n_in_every_zone_goes_out_whole(part: int) -> None:
    """30,000 cases: count = ceil(N / 5), none missed, none doubled."""
    dice = random.Random(SEED + part)
    cases = [(days, name) for days in range(10, 61) for name in ZONES][part::3]
    for days, name in cases:
        end = awkward_end(dice)
        sent = punctual(days, name, end)
        assert len(sent) == math.ceil(days / 5), (days, name, end)
        assert sent == list(offsets(days))
    print(f"seed {SEED + part}: {len(cases)} cases")


@pytest.mark.parametrize("part", range(3))
def test_lives_with_outages_edits_and_moved_ends(part: int) -> None:
    """75,000 lives against a model."""
    dice = random.Random(SEED + 10 + part)
    total = sum(life(dice) for _ in range(25_000))
    print(f"seed {SEED + 10 + part}: 25000 lives, {total} notices")
    assert total > 5_000


def test_a_day_is_a_day_of_the_calendar() -> None:
    # Berlin goes to summer time on 28 March 2027: the same wall-clock time, another hour of UTC.
    assert moment(END, 10, BERLIN) == datetime(2027, 3, 21, 18, 0, tzinfo=UTC)
    assert moment(END, 2, BERLIN) == datetime(2027, 3, 29, 17, 0, tzinfo=UTC)


def test_a_time_the_clocks_skip_and_one_they_show_twice() -> None:
    skipped = datetime(2027, 4, 2, 0, 30, tzinfo=UTC)  # 02:30 in Berlin; five days before there is no 02:30
    assert moment(skipped, 5, BERLIN).astimezone(BERLIN).isoformat() == "2027-03-28T03:30:00+02:00"
    twice = datetime(2027, 11, 5, 1, 30, tzinfo=UTC)  # 02:30; five days before, 02:30 comes twice
    assert moment(twice, 5, BERLIN) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_date_that_never_was() -> None:
    # Samoa had no 30 December 2011.
    apia = ZoneInfo("Pacific/Apia")
    end = datetime(2012, 1, 4, 12, 0, tzinfo=apia)
    assert [due(end, Plan(10, apia), [], moment(end, n, apia)) is not None for n in (10, 5)] == [True, True]
    assert moment(end, 6, apia) < moment(end, 5, apia) <= moment(end, 4, apia)


def test_leap_days_and_month_ends() -> None:
    end = datetime(2028, 3, 1, 12, 0, tzinfo=UTC)
    assert moment(end, 1, UTC) == datetime(2028, 2, 29, 12, 0, tzinfo=UTC)
    assert moment(datetime(2027, 3, 31, tzinfo=UTC), 30, UTC) == datetime(2027, 3, 1, tzinfo=UTC)


def test_missed_while_down_sends_only_the_newest() -> None:
    now = END - timedelta(days=12)
    notice = due(END, Plan(30, UTC), [], now)
    assert notice is not None
    assert (notice.offset, notice.days_left, notice.initial) == (15, 12, True)
    assert due(END, Plan(30, UTC), [15], now) is None


def test_n_edited_sends_nothing_twice() -> None:
    now = END - timedelta(days=17)
    assert due(END, Plan(30, UTC), [28, 23, 18], now) is None, "20 was due before 18 went out"
    assert due(END, Plan(60, UTC), [30, 25, 20], now) is None
    later = due(END, Plan(30, UTC), [28, 23, 18], END - timedelta(days=15))
    assert later is not None
    assert (later.offset, later.initial) == (15, False)


def test_a_moved_end_begins_anew_and_moved_back_repeats_nothing() -> None:
    plan, now = Plan(30, UTC), END - timedelta(days=20)
    moved = END + timedelta(days=5)
    again = due(moved, plan, [], now)
    assert again is not None
    assert (again.offset, again.initial) == (25, True)
    assert due(END, plan, [30, 25, 20], now) is None


def test_the_end_itself_ends_it_and_so_does_the_switch() -> None:
    assert due(END, Plan(30, UTC), [], END) is None
    assert following(END, Plan(30, UTC), [], END) is None
    assert due(END, Plan(30, UTC, on=False), [], END - timedelta(days=1)) is None
    last = due(END, Plan(30, UTC), [], END - timedelta(seconds=1))
    assert last is not None
    assert (last.offset, last.days_left) == (5, 0)


def test_what_follows_an_overdue_notice_is_not_the_first() -> None:
    now = END - timedelta(days=12)
    coming = following(END, Plan(30, UTC), [], now)
    assert coming is not None
    assert (coming.offset, coming.initial) == (10, False)


def test_days_left_counts_dates_where_the_reader_lives() -> None:
    late = datetime(2027, 3, 30, 23, 30, tzinfo=UTC)  # already the 31st in Berlin
    assert days_left(END, late, UTC) == 1
    assert days_left(END, late, BERLIN) == 0


def test_an_unknown_zone_is_utc() -> None:
    assert zone_named("Mars/Olympus_Mons") is UTC
    assert zone_named("../etc/passwd") is UTC
