"""When the notices before an entitlement's end are due: N days before it, then every five days until it ends. Pure.

A day is a day of the organisation's calendar: a notice 30 days before an end at 17:00 is due at 17:00 thirty dates
earlier, whatever the clocks did in between. Each (end, offset) is due once: what was missed while nobody looked is
made up for by the newest notice alone, and an end that moves begins a new series.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

STEP = 5
"""Days between two notices."""
_DAY = 86_400
_SLIP = 2 * _DAY
"""Seconds by which a calendar's days may differ from days of 24 hours: clocks change, and zones have skipped a date."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds for an entitlement: `days` (10 to 60) before its end begins the series, by the calendar of `zone`."""

    days: int
    zone: tzinfo
    on: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: `offset` in days before the end, `at` when its turn is, `days_left` as a reader would count them.

    `initial`: none of this series came before it.
    """

    offset: int
    at: datetime
    days_left: int
    initial: bool


def zone_named(name: str) -> tzinfo:
    """The time zone of that name; UTC for a name this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def offsets(days: int) -> Sequence[int]:
    """N, N - 5, … above 0: ceil(N / 5) of them."""
    return range(days, 0, -STEP)


def moment(end: datetime, offset: int, zone: tzinfo) -> datetime:
    """When the notice `offset` days before the end is due, in UTC.

    A wall-clock time that the clocks skip that day is taken as they show it after the leap; of two, the first.
    """
    wall = end.astimezone(zone).replace(tzinfo=None) - timedelta(days=offset)
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def days_left(end: datetime, now: datetime, zone: tzinfo) -> int:
    """Calendar days from now to the end; 0 on its last day and after it."""
    return max(0, (end.astimezone(zone).date() - now.astimezone(zone).date()).days)


def due(end: datetime, plan: Plan, sent: Collection[int], now: datetime) -> Notice | None:
    """The notice that has to go out now, if any.

    Args:
        sent: the offsets of this very end that went out, under whatever plan that was.
    """
    if not plan.on or now >= end:
        return None
    left = (end - now).total_seconds()
    for offset in reversed(offsets(plan.days)):
        if left > offset * _DAY + _SLIP:
            continue  # surely not yet: spares the calendar's arithmetic
        if (at := moment(end, offset, plan.zone)) <= now:
            # A nearer one that went out makes up for this one: after an edit of N, or a clock that was set back.
            if sent and min(sent) <= offset:
                return None
            return Notice(offset, at, days_left(end, now, plan.zone), not sent)
    return None


def following(end: datetime, plan: Plan, sent: Collection[int], now: datetime) -> Notice | None:
    """The first notice that will be due after now; `days_left` and `initial` as they will be, if it goes out then."""
    if not plan.on or now >= end:
        return None
    nearest = min(sent, default=plan.days + 1)
    left = (end - now).total_seconds()
    for offset in offsets(plan.days):
        if offset >= nearest or left < offset * _DAY - _SLIP:
            continue  # surely over
        if (at := moment(end, offset, plan.zone)) > now:
            first = not sent and due(end, plan, sent, now) is None
            return Notice(offset, at, days_left(end, at, plan.zone), first)
    return None
