"""Which rate budgets a request draws on: its account's, its endpoint's, and Search's lower one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tillwright.gateways.stripe import facts
from tillwright.gateways.stripe.access import Access


@dataclass(frozen=True)
class Rates:
    """Requests a second, as Stripe sets them; an account with a raised limit gets other numbers here."""

    live: float = 100.0
    test: float = 25.0
    endpoint: float = 25.0
    search: float = 20.0


@dataclass(frozen=True)
class Budget:
    """A token bucket: `burst` at once, then `rate` a second. The two together are what any one second may hold."""

    name: str
    rate: float
    burst: float


def budgets_of(access: Access, method: str, path: str, rates: Rates) -> list[Budget]:
    """The buckets one request takes a token from, in the order of their names, so that two takers cannot deadlock."""
    account = rates.live if access.livemode else rates.test
    endpoint = rates.search if path.endswith("/search") else rates.endpoint
    name = f"{access.budget}:{method} {facts.template_of(path)}"
    return sorted([_budget(access.budget, account), _budget(name, endpoint)], key=lambda budget: budget.name)


def _budget(name: str, limit: float) -> Budget:
    # Stripe counts requests in a second: a burst is taken off the steady rate, so that no second ever exceeds it.
    burst = max(1.0, limit * 0.04)
    return Budget(name, max(limit - burst, 0.5), burst)
