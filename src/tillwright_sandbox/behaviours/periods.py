"""When does a billing period begin and end? Boundaries are counted from the anchor, so the 31st returns after a short
month as it does at Stripe. Everything is unix seconds, UTC."""

import calendar
from datetime import UTC, datetime

_SECONDS = {"day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


def boundary(anchor: int, interval: str, count: int, index: int) -> int:
    """The `index`-th boundary (0 is the anchor itself, negative lies before it)."""
    if interval in _SECONDS:
        return anchor + index * count * _SECONDS[interval]
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * 12 + start.month - 1 + index * count * _MONTHS[interval]
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def next_boundary(anchor: int, interval: str, count: int, at: int) -> int:
    """The first boundary later than `at`."""
    longest = {"day": 86_400, "week": 7 * 86_400, "month": 31 * 86_400, "year": 366 * 86_400}[interval] * count
    index = (at - anchor) // longest - 1
    while boundary(anchor, interval, count, index) > at:
        index -= 1
    while boundary(anchor, interval, count, index) <= at:
        index += 1
    return boundary(anchor, interval, count, index)


def length_of(price: dict) -> tuple[str, int]:
    """A recurring price's (interval, interval_count)."""
    recurring = price["recurring"]
    return recurring["interval"], recurring["interval_count"]


def shortest(prices: list[dict]) -> tuple[str, int]:
    """The shortest (interval, interval_count) among recurring prices: it sets a mixed subscription's billing rhythm."""
    days = {"day": 1, "week": 7, "month": 30, "year": 365}
    return min((length_of(price) for price in prices), key=lambda pair: days[pair[0]] * pair[1])


def add(at: int, interval: str, count: int) -> int:
    """`at` moved by `count` intervals."""
    return boundary(at, interval, count, 1)
