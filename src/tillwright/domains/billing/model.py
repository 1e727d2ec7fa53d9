"""An effect: one write at Stripe, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tillwright.gateways.stripe.writer import Method

EffectState = Literal["PENDING", "DONE", "REFUSED", "UNKNOWN"]
SETTLED: frozenset[EffectState] = frozenset({"DONE", "REFUSED"})

# Stripe keeps a key for at least 24 hours; an hour is left for clocks that differ and requests that take long.
KEY_LIFE = timedelta(hours=23)
MOST_SENDS = 8
"""Sendings with no clear end, after which a further one under the same key would tell nothing new."""


@dataclass(frozen=True)
class Effect:
    """As stored. `params` are those that are sent, our mark in `metadata` included; money in minor units; times UTC.

    `sends` counts the times a sending was begun; `first_sent` is when the key was first used at Stripe.
    """

    id: str
    organisation_id: str
    run_id: str
    step: str
    attempt: int
    idempotency_key: str
    livemode: bool
    account_id: str
    method: Method
    path: str
    params: dict[str, Any]
    state: EffectState
    sends: int
    first_sent: datetime | None
    last_sent: datetime | None
    answer: dict[str, Any] | None
    error: dict[str, Any] | None
    created: datetime
    settled: datetime | None

    def key_is_fresh(self, now: datetime) -> bool:
        """Whether Stripe surely still knows the key, or never saw it."""
        return self.first_sent is None or now - self.first_sent < KEY_LIFE

    @property
    def doubtful(self) -> bool:
        """Whether it was sent before with no clear end. A PENDING with an error ended clearly: nothing happened."""
        return self.sends > 0 and not (self.state == "PENDING" and self.error is not None)

    @property
    def sent_enough(self) -> bool:
        """Whether it is only looked for from now on, until its key is old."""
        return self.doubtful and self.sends >= MOST_SENDS

    @property
    def result(self) -> EffectResult:
        """How it stands, for the caller."""
        return EffectResult(self.state, self.answer, self.error, self.idempotency_key, self.id)


@dataclass(frozen=True)
class EffectResult:
    """How an effect stands.

    | state | means | what a caller does |
    |---|---|---|
    | DONE | it took effect once; `answer` is Stripe's object | goes on |
    | REFUSED | Stripe said no for good; `error` says why | gives up, or means it anew with the next `attempt` |
    | PENDING | nothing happened yet (rate limit, object locked) | performs it again, same attempt |
    | UNKNOWN | it may have happened | performs it again, same attempt: it is settled by looking at Stripe |
    """

    state: EffectState
    answer: dict[str, Any] | None
    error: dict[str, Any] | None
    idempotency_key: str
    effect_id: str
