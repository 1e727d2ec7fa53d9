"""A deletion that was confirmed and is not over: what a worker needs to end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tillwright.domains.audit import Actor
from tillwright.gateways.stripe.errors import AccountRefused, KeyRefused, PermissionMissing
from tillwright.kit.errors import TillwrightError

LEASE = timedelta(minutes=1)
"""Longer than everything at Stripe and the erasing here may take; then another process goes on."""
GIVEN_UP_AFTER = timedelta(hours=24)

LISTED = "This user's account may still list our access: it can be removed there in Stripe under Installed apps."
_HOPELESS = (KeyRefused, PermissionMissing, AccountRefused)

Phase = Literal["HERE", "AT_STRIPE"]


@dataclass(frozen=True)
class Unfinished:
    """`id` is its receipt's. HERE: not erased yet. AT_STRIPE: erased; `hooks` may still be there, and access to users'
    own accounts by `links`, each (account, Connect client id).

    `sealed_key` opens for nothing but taking those back, until that is done or a day is over.
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
    links: tuple[tuple[str, str], ...] = ()


def hopeful(error: TillwrightError) -> bool:
    """Whether trying again with the same key may help."""
    return not isinstance(error, _HOPELESS)


def wait(attempts: int) -> timedelta:
    """Until the next attempt at Stripe: half a minute, doubled, at most an hour."""
    return min(timedelta(hours=1), timedelta(seconds=30 * 2 ** min(attempts, 8)))
