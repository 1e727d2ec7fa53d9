"""Values of this room: a delivery as it came, what became of it, and an event as it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tillwright.domains.webhooks.envelope import Envelope
from tillwright.domains.webhooks.signature import Signature
from tillwright.kit.seal import Secret


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to the webhook address; nothing about it is proven yet. `received` is ours, UTC."""

    token_digest: str
    signature: Signature
    body: bytes
    received: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that is stored for good. `duplicate`: it was stored before."""

    event_id: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Address:
    """Whose a webhook address is, and what signs its deliveries. `connect`: it hears of users' accounts."""

    organisation_id: str
    livemode: bool
    account_id: str | None
    secrets: Sequence[Secret]
    connect: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """A proven delivery, ready to be stored."""

    organisation_id: str
    account_id: str | None
    envelope: Envelope
    raw: bytes
    received: datetime


class Outcome(StrEnum):
    """What an applied event did to the mirror."""

    WRITTEN = "WRITTEN"
    KEPT = "KEPT"
    """What the mirror had was as new, or newer."""
    ASKED = "ASKED"
    """There was a doubt: the object is fetched again."""
    WRITTEN_AND_ASKED = "WRITTEN_AND_ASKED"
    NOTHING = "NOTHING"
    """The event names no object."""


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event as kept. `place` grows in the order of arrival; `raw` is the body, byte for byte.

    `applied` and `outcome` are None until it was; `error` says why the last try failed.
    """

    id: str
    place: int
    livemode: bool
    account_id: str | None
    type: str
    created: datetime
    received: datetime
    api_version: str | None
    object_type: str | None
    object_id: str | None
    raw: bytes
    applied: datetime | None
    outcome: Outcome | None
    failures: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Our webhook endpoint at Stripe. `state` is WANTED until Stripe has it and we have its secret, then ACTIVE.

    `url` is where it points, without the token that ends it; `error` is the last failure as data. `renew`: another
    secret is wanted; `earlier_until`: till when deliveries signed with the one before are accepted. `connect`: it hears
    of the accounts that users connected, and not of the organisation's own.
    """

    organisation_id: str
    livemode: bool
    id: str
    state: str
    account_id: str | None
    stripe_id: str | None
    url: str | None
    token_digest: str | None
    attempt: int
    failures: int
    error: dict[str, Any] | None
    updated: datetime
    renew: bool = False
    earlier_until: datetime | None = None
    connect: bool = False

    @property
    def place(self) -> tuple[str, bool, bool]:
        """Organisation, mode and kind: one endpoint each."""
        return self.organisation_id, self.livemode, self.connect
