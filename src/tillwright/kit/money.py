"""Money as Stripe counts it: whole minor units, with each currency's own number of decimals."""

from __future__ import annotations

from decimal import Decimal

# https://docs.stripe.com/currencies: the currencies without minor units, and those with a thousandth.
ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Charged as two-decimal amounts for backward compatibility, though the currency has no minor unit any more.
WRITTEN_WITH_TWO = frozenset({"ISK", "UGX"})


def exponent(currency: str) -> int:
    """How many of a Stripe amount's digits are behind the point: 0, 2 or 3."""
    code = currency.upper()
    if code in WRITTEN_WITH_TWO:
        return 2
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def to_major(amount: int, currency: str) -> Decimal:
    """An amount in minor units as an exact decimal in major units."""
    return Decimal(amount).scaleb(-exponent(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """An exact decimal in major units as Stripe's whole minor units.

    Raises:
        ValueError: the currency has no such fraction, or it is no finite number.
    """
    scaled = amount.scaleb(exponent(currency)) if amount.is_finite() else amount
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} {currency.upper()} is no whole number of minor units")
    return int(scaled)


def show(amount: int, currency: str) -> str:
    """For people: `1,234.50 EUR`."""
    places = exponent(currency)
    return f"{to_major(amount, currency):,.{places}f} {currency.upper()}"
