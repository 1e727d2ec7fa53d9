"""When a schedule is due next: cron's five fields, in a time zone, over the changes of its clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadDateError, croniter

SHIFT = timedelta(hours=2)
"""Clocks are put forward or back by no more than this."""


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Every time zone there is, by its IANA name."""
    return frozenset(available_timezones())


def complaint(cron: object) -> str | None:
    """What is wrong with a schedule's text, as a sentence; None if nothing is."""
    if not isinstance(cron, str) or len(cron.split()) != 5 or len(cron) > 200:
        return "A schedule has five fields: minute, hour, day of month, month, day of week"
    if not croniter.is_valid(cron):
        return f"{cron!r} is no schedule"
    try:
        next_after(cron, "UTC", datetime(2024, 1, 1, tzinfo=UTC))
    except ValueError:
        return f"{cron!r} never comes"
    return None


def next_after(cron: str, time_zone: str, moment: datetime) -> datetime:
    """The first due time after an aware moment, in UTC: see `times_after`.

    Raises:
        ValueError: it never comes.
    """
    for at in times_after(cron, time_zone, moment):
        return at
    raise ValueError(f"{cron!r} has no time after {moment}")


def times_after(cron: str, time_zone: str, moment: datetime) -> Iterator[datetime]:
    """The due times after an aware moment, in UTC, in order.

    A time that the change to summer time skips comes an hour later; one that comes twice in autumn counts once, except
    where the schedule says every hour.
    """
    zone = ZoneInfo(time_zone)
    folds = (0, 1) if "*" in cron.split()[1] else (0,)
    # A time that comes twice must be seen although the clock already showed a later one.
    series = croniter(cron, moment.astimezone(zone).replace(tzinfo=None) - SHIFT, max_years_between_matches=10)
    ahead: list[datetime] = []
    last = moment
    while True:
        local = _next_of(series)
        # Clocks that change turn the order of times around, but not of those further apart than they are put.
        passed = local.replace(tzinfo=zone).astimezone(UTC) - SHIFT if local else None
        while ahead and (passed is None or ahead[0] < passed):
            at = heappop(ahead)
            if at > last:
                last = at
                yield at
        if local is None:
            return
        for fold in folds:
            heappush(ahead, local.replace(tzinfo=zone, fold=fold).astimezone(UTC))


def _next_of(series: croniter) -> datetime | None:
    try:
        return series.get_next(datetime)
    except CroniterBadDateError:
        return None
