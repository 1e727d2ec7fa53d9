"""The overview's charts: payments, failures, refunds and new customers over time, one currency's at a time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tillwright.domains.mirror.model import Day
from tillwright.doors.console.formats import count, money

HEIGHT, WIDTH = 100.0, 600.0
SPANS = {"30": 1, "90": 3, "365": 7}
"""Days that can be shown, and how many of them one bar stands for."""


@dataclass(frozen=True)
class Bar:
    """`x` and `width` of `WIDTH`, `height` of `HEIGHT`; `value` is 0 where nothing was."""

    x: float
    width: float
    height: float
    when: str
    text: str
    value: int


@dataclass(frozen=True)
class Chart:
    """`kind` tells the template its colour; `total` is the sum of the bars; `rows` is what the table shows."""

    kind: str
    title: str
    total: str
    bars: Sequence[Bar]
    empty: str

    @property
    def rows(self) -> Sequence[Bar]:
        return [bar for bar in reversed(self.bars) if bar.value]


@dataclass(frozen=True)
class Board:
    """`currencies` are those that occur, the one with most payments first; `currency` is what is shown."""

    charts: Sequence[Chart]
    currency: str | None
    currencies: Sequence[str]
    first: date
    last: date
    days: str


Days = Mapping[str, Sequence[Day]]
"""By type of object."""


def board(found: Days, last: date, days: str = "30", currency: str = "") -> Board:
    """The charts of the days up to `last`.

    Args:
        found: days of `payment_intent`, `charge`, `refund` and `customer`.
        days: one of `SPANS`; anything else is the first.
        currency: which to show; the one with most payments if it does not occur.
    """
    days = days if days in SPANS else "30"
    currencies = _currencies(found)
    shown = currency if currency in currencies else (currencies[0] if currencies else None)
    first = last - timedelta(days=int(days) - 1)

    def mine(kind: str, *statuses: str) -> Sequence[Day]:
        return [day for day in found.get(kind, ()) if day.currency == shown and day.status in statuses]

    def amount(number: int) -> str:
        return money(number, shown or "eur")

    def drawn(kind: str, title: str, rows: Sequence[Day], of: Callable[[Day], int], write: Callable[[int], str],
              empty: str) -> Chart:  # fmt: skip
        return _chart(kind, title, rows, of, write, empty, first, last, SPANS[days])

    failed = mine("charge", "failed")
    received = [*mine("payment_intent", "succeeded"), *mine("charge", "succeeded")]  # of charges, the bare ones' sums
    refunds = mine("refund", "succeeded", "pending", "requires_action")
    charts = [
        drawn("good", "Payments received", received, lambda d: d.amount, amount,
              "No payment succeeded."),
        drawn("bad", "Failed attempts", failed, lambda d: d.count, count, "No attempt failed."),
        drawn("warn", "Refunds", refunds, lambda d: d.amount, amount, "Nothing was refunded."),
        drawn("plain", "New customers", found.get("customer", ()), lambda d: d.count, count, "Nobody new."),
    ]  # fmt: skip
    return Board(charts, shown, currencies, first, last, days)


def _currencies(found: Days) -> list[str]:
    weight: Counter[str] = Counter()
    for kind in ("payment_intent", "charge", "refund"):
        for day in found.get(kind, ()):
            if day.currency:
                weight[day.currency] += day.count
    return [currency for currency, _ in weight.most_common()]


def _chart(
    kind: str, title: str, rows: Sequence[Day], of: Callable[[Day], int], write: Callable[[int], str], empty: str,
    first: date, last: date, step: int,
) -> Chart:  # fmt: skip
    by_bar: Counter[int] = Counter()
    for day in rows:
        if first <= day.day <= last:
            by_bar[(day.day - first).days // step] += of(day)
    number = ((last - first).days + step) // step
    highest, width = max(by_bar.values(), default=0), WIDTH / number
    bars = [
        Bar(
            round(width * index, 2),
            round(width * 0.8, 2),
            round(HEIGHT * by_bar[index] / highest, 1) if by_bar[index] else 0,
            _when(first + timedelta(days=index * step), step, last),
            write(by_bar[index]),
            by_bar[index],
        )
        for index in range(number)
    ]
    return Chart(kind, title, write(sum(by_bar.values())), bars if highest else [], empty)


def _when(first: date, step: int, latest: date) -> str:
    if step == 1:
        return f"{first.day} {first:%b}"
    last = min(first + timedelta(days=step - 1), latest)
    return f"{first.day} {first:%b} – {last.day} {last:%b %Y}"
