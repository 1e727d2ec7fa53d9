"""What subscriptions are worth a month: exact fractions, rounded once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tillwright.domains.assistant.kinds import identity, pick

MONTHS = {"day": Fraction(12, 365), "week": Fraction(12, 52), "month": Fraction(1), "year": Fraction(12)}
"""How many months one interval is: a year has 365 days and 52 weeks."""
COUNTED = ("active", "past_due")
"""The states whose subscriptions bring in money; trials do not yet."""

Worth = dict[tuple[str, str], Fraction]
"""(currency, product) -> minor units a month."""


def worth(subscription: Mapping[str, Any]) -> tuple[Worth, int]:
    """A subscription's items a month, before discounts and tax; and how many items have no fixed amount (metered,
    tiered, decimals) and are left out."""
    found: Worth = {}
    without = 0
    for item in _items(subscription):
        price: Mapping[str, Any] = item.get("price") or {}
        amount, recurring = price.get("unit_amount"), price.get("recurring")
        if not isinstance(amount, int) or not isinstance(recurring, Mapping):
            without += 1
            continue
        if pick(price, "recurring.usage_type") == "metered":
            without += 1
            continue
        months = MONTHS.get(str(pick(price, "recurring.interval")))
        if months is None:
            without += 1
            continue
        each = Fraction(amount * int(item.get("quantity") or 0)) / (
            months * int(pick(price, "recurring.interval_count") or 1)
        )
        key = (str(price.get("currency")), identity(price.get("product")) or "")
        found[key] = found.get(key, Fraction(0)) + each
    return found, without


def total(subscriptions: Iterable[Mapping[str, Any]]) -> tuple[Worth, int]:
    """The same over many."""
    sums: Worth = {}
    without = 0
    for subscription in subscriptions:
        each, left_out = worth(subscription)
        without += left_out
        for key, value in each.items():
            sums[key] = sums.get(key, Fraction(0)) + value
    return sums, without


def _items(subscription: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = pick(subscription, "items.data")
    return held if isinstance(held, list) else []  # pyright: ignore[reportUnknownVariableType]
