"""When a schedule is due next: cron's five fields, in a time zone, over the changes of its clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter


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
    """The first due time after an aware moment, in UTC.

    A time that the change to summer time skips comes an hour later; one that comes twice in autumn counts once, except
    where the schedule says every hour.

    Raises:
        ValueError: it never comes.
    """
    zone = ZoneInfo(time_zone)
    hourly = "*" in cron.split()[1]
    # Two hours back: a time that comes twice must be seen although the clock already showed a later one.
    local = moment.astimezone(zone).replace(tzinfo=None) - timedelta(hours=2)
    series = croniter(cron, local, max_years_between_matches=10)
    soonest: datetime | None = None
    for _ in range(400):
        due: datetime = series.get_next(datetime)
        first = due.replace(tzinfo=zone).astimezone(UTC)
        if soonest and first > soonest:
            return soonest
        for fold in (0, 1) if hourly else (0,):
            at = due.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if at > moment:
                soonest = min(at, soonest or at)
    if soonest:
        return soonest
    raise ValueError(f"{cron!r} has no time after {moment}")
