"""Rate limits as Stripe sets them: an account's own, each endpoint's, and Search's.

Rates are real requests a real second: they guard a server, so the virtual clock has no say in them.
"""

import time
from collections.abc import Callable
from typing import Any

from .errors import StripeError

LIVE_RATE, TEST_RATE, ENDPOINT_RATE, SEARCH_RATE = 100.0, 25.0, 25.0, 20.0


class Bucket:
    """A token bucket: holds one second's worth, refills evenly."""

    __slots__ = ("at", "rate", "tokens")

    def __init__(self, rate: float, now: float) -> None:
        self.rate, self.tokens, self.at = rate, rate, now

    def refill(self, now: float) -> float:
        self.tokens = min(self.rate, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return self.tokens


class Limits:
    """`check` answers quietly or raises Stripe's 429. `scale` multiplies every rate; `enabled` False lets all pass."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.enabled = True
        self.scale = 1.0
        self.now = now
        self.buckets: dict[tuple[Any, ...], Bucket] = {}
        self.allowed = 0
        self.refused = 0

    def check(self, account: str, livemode: bool, operation: str) -> None:
        if not self.enabled:
            return
        search = operation.endswith("Search")
        wanted = [
            (("account", account, livemode), LIVE_RATE if livemode else TEST_RATE, "global-rate"),
            (("endpoint", account, livemode, operation), SEARCH_RATE if search else ENDPOINT_RATE, "endpoint-rate"),
        ]
        now = self.now()
        buckets = [(self._bucket(name, rate * self.scale, now), reason) for name, rate, reason in wanted]
        for bucket, reason in buckets:
            if bucket.refill(now) < 1.0:
                self.refused += 1
                raise too_many(livemode, reason)
        for bucket, _ in buckets:
            bucket.tokens -= 1.0
        self.allowed += 1

    def _bucket(self, name: tuple[Any, ...], rate: float, now: float) -> Bucket:
        bucket = self.buckets.get(name)
        if bucket is None or bucket.rate != rate:
            bucket = self.buckets[name] = Bucket(rate, now)
        return bucket

    def set(self, enabled: bool | None = None, scale: float | None = None) -> dict[str, Any]:
        if scale is not None and scale <= 0:
            raise ValueError("scale must be above 0; to lift all limits set enabled to false.")
        self.enabled = self.enabled if enabled is None else enabled
        self.scale = self.scale if scale is None else scale
        self.buckets.clear()
        return self.state()

    def state(self) -> dict[str, Any]:
        return {"enabled": self.enabled, "scale": self.scale, "allowed": self.allowed, "refused": self.refused}


def too_many(livemode: bool, reason: str) -> StripeError:
    text = (
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
        if livemode
        else "Testmode request rate limit exceeded, the rate limits in testmode are lower than livemode. "
        "You can learn more about rate limits here https://stripe.com/docs/rate-limits."
    )
    headers = {"Stripe-Should-Retry": "true", "Retry-After": "1", "Stripe-Rate-Limited-Reason": reason}
    return StripeError(429, "invalid_request_error", "rate_limit", text, headers=headers)
