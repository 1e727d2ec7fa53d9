"""A deletion that was confirmed and is not over: what a worker needs to end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tillwright.domains.audit import Actor

LEASE = timedelta(minutes=1)
"""Longer than everything at Stripe and the erasing here may take; then another process goes on."""
GIVEN_UP_AFTER = timedelta(hours=24)

Phase = Literal["HERE", "AT_STRIPE"]


@dataclass(frozen=True)
class Unfinished:
    """`id` is its receipt's. HERE: not erased yet. AT_STRIPE: erased; `hooks` may still be there.

    `sealed_key` opens for nothing but taking back those hooks, until that is done or a day is over.
    """

    organisation_id: str
    id: str
    partner: str
    service: str
    phase: Phase
    actor: Actor
    begun: datetime
    due: datetime
    attempts: int = 0
    livemode: bool | None = None
    account_id: str | None = None
    sealed_key: bytes | None = None
    hooks: tuple[str, ...] = ()


def wait(attempts: int) -> timedelta:
    """Until the next attempt at Stripe: half a minute, doubled, at most an hour."""
    return min(timedelta(hours=1), timedelta(seconds=30 * 2 ** min(attempts, 8)))
