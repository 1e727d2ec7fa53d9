"""The overview's chart: what was taken a day, as the heights of bars. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tillwright.domains.mirror.model import Day
from tillwright.doors.console.formats import money

HEIGHT = 100


@dataclass(frozen=True)
class Bar:
    """`height` is 0 to 100; `x` the place from the left, in the same units as the chart's width."""

    x: float
    height: float
    title: str


@dataclass(frozen=True)
class Chart:
    """One currency's days; `others` are sums in further currencies, which one axis cannot show."""

    bars: Sequence[Bar]
    total: str
    others: Sequence[str]
    first: date
    last: date
    width: float


def taken(days: Sequence[Day], last: date, length: int = 30, width: float = 600) -> Chart | None:
    """Succeeded payments of the `length` days up to `last`; None if there were none."""
    paid = [day for day in days if day.status == "succeeded" and day.currency and day.amount]
    if not paid:
        return None
    payments: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for day in paid:
        payments[str(day.currency)] += day.count
        sums[str(day.currency)] += day.amount
    main = payments.most_common(1)[0][0]
    by_day: Counter[date] = Counter()
    for day in paid:
        if day.currency == main:
            by_day[day.day] += day.amount
    first, highest, step = last - timedelta(days=length - 1), max(by_day.values()), width / length
    bars = [
        Bar(
            round(step * index, 2),
            round(HEIGHT * by_day[at] / highest, 1) if by_day[at] else 0,
            f"{at.day} {at:%b}: {money(by_day[at], main)}",
        )
        for index, at in enumerate(first + timedelta(days=index) for index in range(length))
    ]
    others = [money(amount, currency) for currency, amount in sums.most_common() if currency != main]
    return Chart(bars, money(sums[main], main), others, first, last, width)
