"""An entitlement: what a buyer may use, from a start to an end; and what the mirror says one should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["ACTIVE", "PENDING_CANCEL", "PENDING_START", "SUSPENDED", "CANCELLED", "DELETED"]
Kind = Literal["SUBSCRIPTION", "SCHEDULE", "PURCHASE", "FEATURE", "MANUAL"]

STATUSES: tuple[Status, ...] = ("ACTIVE", "PENDING_CANCEL", "PENDING_START", "SUSPENDED", "CANCELLED", "DELETED")
OVER: frozenset[str] = frozenset({"CANCELLED", "DELETED"})
RUNNING: frozenset[str] = frozenset({"ACTIVE", "PENDING_CANCEL"})

SCHEDULE = "entitlementCancellationSchedule"
"""The name under which `meta` holds a scheduled cancellation: {type, cancelDate, note, creationDate}."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an entitlement follows from: an object of the mirror and the part of it, e.g. a subscription's item."""

    object: str
    id: str
    part: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What the mirror says an entitlement is. `end` is None where it renews by itself; `renews` says when, then.

    `detail` holds what is worth showing beside it, in the API's names: stripeStatus, quantity, trialEnd, …
    """

    source: Source
    kind: Kind
    status: Status
    buyer_id: str | None
    product_id: str | None
    price_id: str | None
    start: datetime
    end: datetime | None
    renews: datetime | None = None
    name: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Entitlement:
    """As stored. Times are aware UTC.

    `named`: a person chose the name. `held`: a person moved the end or ended it, so the mirror no longer does.
    `notice_days` and `notices` override the integration's days and switch; None leaves them as they are.
    `version` grows with each change. `check` is when the sweep has to look at it next, None for never.
    """

    id: str
    organisation_id: str
    livemode: bool
    account_id: str | None
    kind: Kind
    source: Source
    status: Status
    name: str
    named: bool
    held: bool
    buyer_id: str | None
    buyer_name: str
    buyer_email: str
    product_id: str | None
    product_name: str
    price_id: str | None
    start: datetime
    end: datetime | None
    renews: datetime | None
    info: dict[str, Any]
    meta: dict[str, Any]
    notice_days: int | None
    notices: bool | None
    check: datetime | None
    version: int
    created: datetime
    updated: datetime

    @property
    def auto_renew(self) -> bool:
        return self.end is None and self.renews is not None and self.status not in OVER

    @property
    def schedule(self) -> dict[str, Any] | None:
        """The scheduled cancellation, if a person scheduled one here."""
        return self.meta.get(SCHEDULE)


@dataclass(frozen=True, slots=True)
class Term:
    """One period of an entitlement. `kind` is Signup, AutoRenew, ManualRenew, PlanChange or QuantityChange."""

    id: str
    entitlement_id: str
    kind: str
    product_id: str | None
    price_id: str | None
    quantity: int | None
    start: datetime
    end: datetime | None
    created: datetime


@dataclass(frozen=True, slots=True)
class SentRenewal:
    """The one notice before a renewal, for the period that renewed, or will, then."""

    entitlement_id: str
    renews: datetime
    days_left: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SentNotice:
    """One end-soon notice that was recorded, for the end the entitlement had then. `offset` in days before it."""

    entitlement_id: str
    end: datetime
    offset: int
    days_left: int
    initial: bool
    at: datetime
