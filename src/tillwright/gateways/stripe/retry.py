"""Decides whether a failed request is sent again, and after how long: pure."""

from __future__ import annotations

from dataclasses import dataclass

from tillwright.gateways.stripe.errors import InFlight, RateLimited, StripeBroken, StripeFailure, StripeUnreachable


@dataclass(frozen=True)
class RetryPolicy:
    """`tries` in all; waits double from `base` up to `cap` seconds and are jittered by up to half."""

    tries: int = 5
    base: float = 0.25
    cap: float = 8.0
    longest_wait: float = 60.0

    def wait_after(self, failure: StripeFailure, tries_done: int, dice: float) -> float | None:
        """Seconds to wait before sending again, None to give up. `dice` is a number from 0 up to 1."""
        if tries_done >= self.tries or not worth_another(failure):
            return None
        grown = min(self.cap, self.base * 2 ** (tries_done - 1))
        wait = grown * (0.5 + dice / 2)
        asked = failure.facts.retry_after
        if asked is not None:
            if asked > self.longest_wait:
                return None
            # Everyone told to wait a second would come back in the same instant: spread them out.
            wait = max(wait, asked + grown * dice / 2)
        return wait


def worth_another(failure: StripeFailure) -> bool:
    """Whether the same request under the same idempotency key may fare better. Stripe's own word comes first."""
    if failure.facts.replayed:
        return False  # a stored answer, a 500 included, stays what it is for as long as the key lives
    if failure.facts.should_retry is not None:
        return failure.facts.should_retry
    return isinstance(failure, StripeUnreachable | StripeBroken | RateLimited | InFlight)
