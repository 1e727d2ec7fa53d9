"""A purchase term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""From when a term holds that holds for every purchase."""


@dataclass(frozen=True, slots=True)
class PurchaseTerm:
    """What is granted by what was paid from `since` on, until a later row of the same object says otherwise.

    `object_id` is a price or a product; None: every product that has no row. `term` is an ISO 8601 duration; None:
    nothing. `by` is whoever set it last.
    """

    id: str
    livemode: bool
    object_id: str | None
    term: str | None
    since: datetime
    by: str
    updated: datetime

    @property
    def always(self) -> bool:
        """Whether it holds for every purchase, however long ago."""
        return self.since <= BEGINNING


@dataclass(frozen=True, slots=True)
class Named:
    """A row with what it is about: `running` counts the purchases of it that run now, None for the default.

    `id` is None for what a product or a price says itself, by its metadata at Stripe. `kind`: product, price, default.
    """

    id: str | None
    kind: str
    object_id: str | None
    name: str
    term: str | None
    since: datetime | None
    by: str
    updated: datetime | None
    running: int | None
