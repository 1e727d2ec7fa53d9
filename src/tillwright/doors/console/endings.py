"""Ends on a calendar and on a timeline: pure, from rows to what a template draws."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from tillwright.domains.entitlements import Choices, Entitlement, Notice, SentNotice
from tillwright.domains.entitlements.end_soon import days_left, moment, offsets

DAYS = 90
"""What the timeline shows, from today."""
WIDTH = 900


@dataclass(frozen=True)
class Row:
    """One entitlement as the pages show it; `left` in calendar days, None without an end."""

    entitlement: Entitlement
    left: int | None
    sent: Sequence[SentNotice]
    coming: Notice | None


@dataclass(frozen=True)
class Square:
    day: date
    inside: bool
    today: bool
    rows: Sequence[Row]


@dataclass(frozen=True)
class Bar:
    """A row of the timeline: where the end is, and (place, sent) of each notice, in the drawing's units."""

    row: Row
    end: float
    marks: Sequence[tuple[float, bool]]


def row_of(
    entitlement: Entitlement, sent: Sequence[SentNotice], coming: Notice | None, now: datetime, zone: tzinfo
) -> Row:
    left = days_left(entitlement.end, now, zone) if entitlement.end else None
    return Row(entitlement, left, sent, coming)


def month_of(text: str, now: datetime, zone: tzinfo) -> date:
    """The first of the month that `2027-01` names; of the present one for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return now.astimezone(zone).date().replace(day=1)


def bounds(month: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """From when to when the month's squares reach, the days of its neighbours in the first and last week included."""
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    first, last = weeks[0][0], weeks[-1][-1] + timedelta(days=1)
    return _midnight(first, zone), _midnight(last, zone)


def squares(month: date, rows: Sequence[Row], now: datetime, zone: tzinfo) -> Sequence[Sequence[Square]]:
    """The month in weeks, Monday first, each day with what ends on it."""
    by_day: dict[date, list[Row]] = {}
    for row in rows:
        if row.entitlement.end:
            by_day.setdefault(row.entitlement.end.astimezone(zone).date(), []).append(row)
    today = now.astimezone(zone).date()
    return [
        [Square(day, day.month == month.month, day == today, by_day.get(day, [])) for day in week]
        for week in calendar.Calendar().monthdatescalendar(month.year, month.month)
    ]


def beside(month: date, by: int) -> str:
    """The month before (-1) or after (1), as the address names it."""
    number = month.year * 12 + month.month - 1 + by
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def bars(rows: Sequence[Row], choices: Choices, now: datetime) -> Sequence[Bar]:
    """Each end within the timeline, with its notices: those that went out, and those that will."""

    def place(at: datetime) -> float:
        return round((at - now) / timedelta(days=DAYS) * WIDTH, 1)

    made: list[Bar] = []
    for row in rows:
        end = row.entitlement.end
        if end is None or not now < end <= now + timedelta(days=DAYS):
            continue
        plan = choices.plan_of(row.entitlement)
        sent = {notice.offset for notice in row.sent if notice.end == end}
        nearest = min(sent, default=plan.days + 1)
        marks = [
            (place(at), False)
            for offset in (offsets(plan.days) if plan.on else ())
            if offset < nearest and (at := moment(end, offset, plan.zone)) >= now
        ]
        made.append(Bar(row, place(end), marks))
    return made


def ticks(now: datetime, zone: tzinfo) -> Sequence[tuple[float, str]]:
    """(place, label) of each Monday's fortnight on the timeline."""
    return [
        (round(day / DAYS * WIDTH, 1), f"{(now + timedelta(days=day)).astimezone(zone):%-d %b}")
        for day in range(0, DAYS, 15)
    ]


def sent_of(sent: Mapping[str, Sequence[SentNotice]], entitlement: Entitlement) -> Sequence[SentNotice]:
    """The notices for the end it has now, newest first."""
    return [notice for notice in sent.get(entitlement.id, ()) if notice.end == entitlement.end]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
