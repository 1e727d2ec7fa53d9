"""When a notice goes out: quiet hours, and the one mail a day. Pure; no notice is ever dropped, only later."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

DAY = 24 * 60


def is_quiet(minute: int, start: int | None, end: int | None) -> bool:
    """Whether a minute of the local day lies in the quiet hours, which may reach over midnight."""
    if start is None or end is None or start == end:
        return False
    return start <= minute < end if start < end else minute >= start or minute < end


def release(now: datetime, zone: tzinfo, start: int | None, end: int | None) -> datetime:
    """The first moment from `now` on that is not quiet, in UTC.

    Args:
        zone: the organisation's.
        start: the minute of the local day at which quiet begins; None for never.
        end: the minute at which it ends.
    """
    local = now.astimezone(zone)
    if not is_quiet(local.hour * 60 + local.minute, start, end):
        return now
    assert end is not None
    return _next(now, zone, end)


def digest_due(now: datetime, zone: tzinfo, hour: int) -> datetime:
    """The next time the local clock shows that full hour, after `now`, in UTC."""
    return _next(now, zone, hour * 60)


def _next(now: datetime, zone: tzinfo, minute: int) -> datetime:
    """The next moment at which the local clock shows the minute.

    A minute that a change of the clocks leaves out comes when it would have been; one that comes twice counts twice.
    """
    first = now.astimezone(zone).date()
    shown = time(minute // 60, minute % 60)
    for days in range(3):
        for fold in (0, 1):
            there = datetime.combine(first + timedelta(days=days), shown, tzinfo=zone).replace(fold=fold)
            found = there.astimezone(UTC)
            if found > now:
                return found
    raise AssertionError("three days hold every minute of the day")
