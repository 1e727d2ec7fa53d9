"""A chart has a place for every period, also for one in which nothing came in."""

from __future__ import annotations

from typing import Any

import pytest

from tillwright.doors.console import series


@pytest.mark.parametrize(
    ("first", "last", "count", "last_but_one"),
    [
        ("2025-11", "2026-02", 4, "2026-01"),
        ("2025-Q4", "2026-Q2", 3, "2026-Q1"),
        ("2019", "2026", 8, "2025"),
    ],
)
def test_every_period_between(first: str, last: str, count: int, last_but_one: str) -> None:
    named = series.periods(first, last)
    assert (len(named), named[0], named[-2], named[-1]) == (count, first, last_but_one, last)


@pytest.mark.parametrize("mixed", [("2025-11", "2026"), ("2025-11-03", "2025-11-05"), ("AT", "DE"), ("2026-W03", "x")])
def test_what_is_no_such_period_has_none(mixed: tuple[str, str]) -> None:
    assert series.periods(*mixed) == []


def line(group: str, amount: int) -> dict[str, Any]:
    return {"group": group, "currency": "eur", "payments": 1, "net": {"amount": amount, "text": f"{amount} EUR"}}


def test_a_month_without_payments_is_a_gap_and_not_left_out() -> None:
    drawn = series.bars({"items": [line("2026-01", 100), line("2026-04", 50)]}, width=400)
    assert drawn is not None
    assert [(x, high) for x, _, high, _ in drawn.bars] == [(0, 100), (300, 50)]


def test_days_are_drawn_as_they_come() -> None:
    drawn = series.bars({"items": [line("2026-01-05", 100), line("2026-01-09", 50)]}, width=400)
    assert drawn is not None
    assert [x for x, *_ in drawn.bars] == [0, 200]
