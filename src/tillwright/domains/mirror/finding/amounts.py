"""What a typed amount can be in minor units, currency by currency. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tillwright.kit import money

_AMOUNT = re.compile(
    r"(?:(?P<before>[A-Za-z]{3})\s*)?(?P<number>\d{1,12}(?:[.,]\d{1,3})?)(?:\s*(?P<after>[A-Za-z]{3}))?"
)
_ODD = frozenset(code for code in money.ZERO_DECIMAL | money.THREE_DECIMAL if money.exponent(code) != 2)


@dataclass(frozen=True)
class Amounts:
    """`pairs` are `currency:minor units`, `*` for every currency that is not in `odd`; all in lower case."""

    odd: frozenset[str]
    pairs: Sequence[str]

    @property
    def texts(self) -> Sequence[str]:
        return sorted({pair.partition(":")[2] for pair in self.pairs})


def amounts_of(text: str) -> Amounts | None:
    """`12.34`, `12,34 EUR`, `jpy 500`; None if it is no amount. Without a currency any is meant."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or (found["before"] and found["after"]):
        return None
    number, code = Decimal(found["number"].replace(",", ".")), (found["before"] or found["after"] or "").upper()
    if code:
        minor = _minor(number, code)
        return None if minor is None else Amounts(frozenset({code.lower()}), [f"{code.lower()}:{minor}"])
    pairs = {"*": _minor(number, "EUR")} | {code.lower(): _minor(number, code) for code in sorted(_ODD)}
    return Amounts(
        frozenset(code.lower() for code in _ODD),
        [f"{name}:{minor}" for name, minor in pairs.items() if minor is not None],
    )


def _minor(number: Decimal, code: str) -> int | None:
    try:
        return money.to_minor(number, code)
    except ValueError:
        return None
