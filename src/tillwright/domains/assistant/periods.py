"""Periods of time: which one a moment falls into, in a time zone. Pure."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tillwright.kit.clock import from_unix

PERIODS = ("day", "week", "month", "quarter", "year")


def period_of(seconds: int, period: str, zone: str = "UTC") -> str:
    """Its name: `2027-01-31`, `2027-W05`, `2027-01`, `2027-Q1`, `2027`. Weeks are ISO's, from Monday."""
    day = from_unix(seconds).astimezone(ZoneInfo(zone)).date()
    if period == "day":
        return day.isoformat()
    if period == "week":
        year, week, _ = (day + timedelta(0)).isocalendar()
        return f"{year}-W{week:02d}"
    if period == "month":
        return f"{day.year}-{day.month:02d}"
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}" if period == "quarter" else str(day.year)
