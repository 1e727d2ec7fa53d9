"""Decides how an effect stands after a request failed: pure."""

from __future__ import annotations

from tillwright.domains.billing.model import EffectState
from tillwright.gateways.stripe.errors import HeldBack, InFlight, RateLimited, StripeAbsent, StripeFailure


def after_failure(failure: StripeFailure, *, method: str, doubtful: bool) -> EffectState:
    """The state a failure leads to.

    Args:
        doubtful: an earlier sending, in this process or another, had no clear outcome.
    """
    if method == "DELETE" and isinstance(failure, StripeAbsent) and (doubtful or failure.tries > 1):
        return "DONE"  # it was there when it was sent first: the first sending deleted it
    if failure.unknown:
        return "UNKNOWN"
    if doubtful and failure.transient:
        return "UNKNOWN"  # Stripe said no before it looked at the key: that says nothing of the earlier sending
    if isinstance(failure, RateLimited | InFlight | HeldBack):
        return "PENDING"
    return "REFUSED"
