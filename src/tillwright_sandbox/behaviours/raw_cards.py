"""Is a card typed in by its number good, and which test card is it? Stripe's checks before any issuer is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tillwright_sandbox.behaviours import cards
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError


def _refuse(code: str, message: str, param: str) -> StripeError:
    return StripeError(402, "card_error", code, message, param)


def read(call: Call, given: dict[str, Any], prefix: str = "") -> tuple[cards.Card, tuple[int, int]]:
    """The card and its (month, year) of {number, exp_month, exp_year, cvc}; 402 card_error for a bad one."""

    def name(key: str) -> str:
        return f"{prefix}[{key}]" if prefix else key

    number = str(given.get("number") or "").replace(" ", "").replace("-", "")
    if not 12 <= len(number) <= 19 or not cards.luhn(number):
        raise _refuse("incorrect_number", "Your card number is incorrect.", name("number"))
    for key in ("exp_month", "exp_year"):
        if given.get(key) in (None, ""):
            text = f"Missing required param: {name(key)}."
            raise StripeError(400, "invalid_request_error", "parameter_missing", text, name(key))
    month, year = _whole(given["exp_month"]), _whole(given["exp_year"])
    if month is None or not 1 <= month <= 12:
        raise _refuse("invalid_expiry_month", "Your card's expiration month is invalid.", name("exp_month"))
    if year is not None and year < 100:
        year += 2000
    today = datetime.fromtimestamp(call.now, UTC)
    if year is None or not today.year <= year <= today.year + 50:
        raise _refuse("invalid_expiry_year", "Your card's expiration year is invalid.", name("exp_year"))
    if (year, month) < (today.year, today.month):
        raise _refuse("invalid_expiry_month", "Your card's expiration month is invalid.", name("exp_month"))
    cvc = str(given.get("cvc") or "")
    if cvc and not (cvc.isdigit() and 3 <= len(cvc) <= 4):
        raise _refuse("invalid_cvc", "Your card's security code is invalid.", name("cvc"))
    return cards.by_number(number), (month, year)


def _whole(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None
