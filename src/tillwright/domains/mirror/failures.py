"""How a failure at Stripe is kept as data, and how long to wait before the next try."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.kit.errors import Absent, Conflict, Denied, TillwrightError

PAUSED = "integration_paused"
_LONGEST = timedelta(hours=1)
_WHILE_PAUSED = timedelta(minutes=1)


def as_data(error: TillwrightError) -> dict[str, Any]:
    """Fit to be stored and shown: code, sentence, remedy, and what Stripe said."""
    if isinstance(error, StripeFailure):
        return error.record()
    return {"code": error.code, "sentence": error.sentence, "remedy": error.remedy}


def lasting(error: TillwrightError) -> bool:
    """Whether only a person can mend it: a missing right, a refused key, no integration."""
    return isinstance(error, Denied | Absent | Conflict) and error.code != PAUSED


def wait_after(error: TillwrightError, failures: int) -> timedelta:
    """Doubles from two seconds; an hour at most, and at once for what only a person can mend."""
    if error.code == PAUSED:
        return _WHILE_PAUSED
    return _LONGEST if lasting(error) else min(_LONGEST, timedelta(seconds=2.0 ** min(failures + 1, 12)))
