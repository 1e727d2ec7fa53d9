"""A connection, a start of one, and what is left to be said or done when one has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

STATE_LIFE = timedelta(minutes=10)
"""How long a person may take at Stripe."""


@dataclass(frozen=True)
class Connection:
    """One user's link to their own Stripe account. No token is kept: calls use the platform's key with the account.

    `platform_id` is the account of the organisation's integration it hangs on; `scope` what Stripe granted.
    """

    organisation_id: str
    id: str
    user_id: str
    livemode: bool
    account_id: str
    account_name: str | None
    platform_id: str
    client_id: str
    scope: str
    created: datetime
    used: datetime | None
    checked: datetime

    @property
    def mode(self) -> str:
        return "live" if self.livemode else "test"

    @property
    def title(self) -> str:
        """The account as a person knows it."""
        return f"{self.account_name} ({self.account_id})" if self.account_name else self.account_id


@dataclass(frozen=True)
class Start:
    """Somebody was sent to Stripe. Bound to session, user, organisation, mode and integration; used once.

    `digest` is of the state, which is 256 random bits and stands nowhere here.
    """

    organisation_id: str
    digest: str
    session_id: str
    user_id: str
    livemode: bool
    platform_id: str
    client_id: str
    integration_created: datetime
    created: datetime
    expires: datetime
    used: datetime | None = None
    sealed_code: bytes | None = None


class RevocationState(StrEnum):
    PENDING = "PENDING"
    DONE = "DONE"
    LEFT = "LEFT"
    """It could not be done; the user can do it in Stripe's Dashboard."""


@dataclass(frozen=True)
class Revocation:
    """Taking our access back at Stripe, tried again until it is done; the link here is gone already."""

    organisation_id: str
    id: str
    user_id: str
    livemode: bool
    account_id: str
    client_id: str
    platform_id: str
    state: RevocationState
    tries: int
    due: datetime
    error: str | None
    created: datetime


@dataclass(frozen=True)
class Notice:
    """What a user is told of a connection that ended without them."""

    id: str
    user_id: str
    livemode: bool
    sentence: str
    created: datetime
