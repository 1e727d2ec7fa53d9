"""Values of the mirror: a copy that comes in, an object as it is kept, and how far a backfill is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

Key = tuple[bool, str, str]
"""Live mode, object type, id: what names an object within an organisation."""


@dataclass(frozen=True, slots=True)
class EventCopy:
    """What an event says of an object. `body` is None where the event only names it.

    `created` is Stripe's time of the event, `received` ours. `foreign`: its API version is not the one we fetch with.
    """

    livemode: bool
    object: str
    id: str
    account_id: str | None
    event_id: str
    event_type: str
    created: datetime
    received: datetime
    foreign: bool
    body: dict[str, Any] | None

    @property
    def key(self) -> Key:
        return (self.livemode, self.object, self.id)


@dataclass(frozen=True, slots=True)
class FetchedCopy:
    """What Stripe answered about an object; `body` is None where it is no more.

    `began`: when we asked, by our clock. `listed`: it came in a list; `parent`: of whose list, where it is a parent's.
    """

    livemode: bool
    object: str
    id: str
    account_id: str | None
    began: datetime
    listed: bool
    body: dict[str, Any] | None
    parent: str | None = None

    @property
    def key(self) -> Key:
        return (self.livemode, self.object, self.id)


@dataclass(frozen=True, slots=True)
class MirrorObject:
    """An object as Stripe sent it. `created` is None for types that have no such time.

    `seen` is when the copy was last confirmed: by a fetch or by an event, whichever is later. `event_id` is the last
    event of Stripe's that told of the object; None if none has. `parent` is whose it is, for types that are listed by
    parents.
    """

    livemode: bool
    object: str
    id: str
    account_id: str | None
    created: datetime | None
    customer: str | None
    status: str | None
    deleted: bool
    seen: datetime
    body: dict[str, Any]
    event_id: str | None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects of a type there are, and how many deleted ones are remembered."""

    object: str
    present: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day's objects of a type in one currency and status.

    `amount` is in minor units, 0 where there is none: what a payment intent received (not what was asked for), what a
    charge that has no payment intent captured (no other: it would count twice), what a refund gave back.
    """

    day: date
    currency: str | None
    status: str | None
    count: int
    amount: int


class BackfillState(StrEnum):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    DENIED = "DENIED"
    """The key lacks the right to list this type."""
    ABSENT = "ABSENT"
    """Stripe does not offer this type to the account."""
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the backfill of one type is; `position` is its place in the order.

    `estimate` is None while nobody can know; `error` is a failure as data.
    """

    livemode: bool
    object: str
    plural: str
    position: int
    state: BackfillState
    done: int
    estimate: int | None
    pages: int
    failures: int
    error: dict[str, Any] | None
    began: datetime | None
    updated: datetime
    finished: datetime | None

    @property
    def over(self) -> bool:
        return self.state not in (BackfillState.WAITING, BackfillState.RUNNING)
