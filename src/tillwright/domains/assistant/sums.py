"""Money added up: whole minor units, by currency, never across. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tillwright.domains.assistant import shield

Sums = Counter[str]


def by_currency(rows: Iterable[Mapping[str, Any]], field: str) -> Sums:
    """The sum of a field for each currency."""
    sums: Sums = Counter()
    for row in rows:
        value, currency = row.get(field), row.get("currency")
        if isinstance(value, int) and isinstance(currency, str):
            sums[currency] += value
    return sums


def shown(sums: Mapping[str, int]) -> list[dict[str, Any]]:
    """For an answer: a line a currency, by its code."""
    lines = (shield.amount(sums[currency], currency) for currency in sorted(sums))
    return [line for line in lines if line is not None]


def rounded(exact: Fraction) -> int:
    """To whole minor units, halves away from zero."""
    sign = -1 if exact < 0 else 1
    return sign * ((abs(exact) * 2 + 1) // 2).__int__()


def percent(part: int, whole: int) -> str | None:
    """`2.50`, exact to two places, halves up; None of nothing."""
    if whole == 0:
        return None
    hundredths = rounded(Fraction(part * 10_000, whole))
    return f"{hundredths // 100}.{hundredths % 100:02d}"
