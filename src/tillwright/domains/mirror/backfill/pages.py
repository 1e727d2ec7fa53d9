"""What to ask Stripe for next, and what a page of its answer says: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from tillwright.domains.mirror.backfill.plan import PAGE
from tillwright.domains.mirror.columns import UNDATED
from tillwright.domains.mirror.kinds import BY_OBJECT, Kind
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.kit.clock import from_unix, to_unix
from tillwright.kit.errors import Conflict, Upstream


@dataclass(frozen=True, slots=True)
class Place:
    """Where a range is to be read on: behind `cursor_id`, among objects made from `low` to `bound`, both included.

    `parent_id` is the parent whose list is read, for kinds that are listed by one; `BEFORE_ALL` before the first of
    those whose lists are walked behind, or beside, a plain list.
    """

    livemode: bool
    object: str
    number: int
    low: datetime | None
    bound: datetime | None
    newest: datetime | None
    parent_id: str | None
    cursor_id: str | None
    cursor_created: datetime | None
    done: int
    failures: int

    @property
    def by_parent(self) -> bool:
        """Whether one parent's list is read after the other here."""
        return self.parent_id is not None or BY_OBJECT[self.object].of is not None

    @property
    def clocks_follow(self) -> bool:
        """Whether what lives on test clocks is to be read as well, once this list is at its end."""
        return self.parent_id is None and walks_clocks(BY_OBJECT[self.object], self.livemode)


@dataclass(frozen=True, slots=True)
class Read:
    """A page: its objects, whether the list goes on behind it, and when its first and last object were made."""

    copies: tuple[FetchedCopy, ...]
    more: bool
    first: datetime
    last: datetime

    @property
    def cursor_id(self) -> str | None:
        return self.copies[-1].id if self.copies else None


BEFORE_ALL = ""
"""Sorts before every id."""
NOTHING = Read((), False, UNDATED, UNDATED)
"""A page with nothing on it."""


def walks_clocks(kind: Kind, livemode: bool) -> bool:
    """Whether the kind has a list a test clock beside its plain one: there are no clocks in live mode."""
    return kind.on_clocks and not livemode


def request(place: Place) -> tuple[str, dict[str, Any]]:
    """Path and parameters of the page."""
    kind = BY_OBJECT[place.object]
    params: dict[str, Any] = {**kind.params, "limit": PAGE}
    if place.parent_id and not kind.nested:
        params[kind.parent_param] = place.parent_id
    if place.cursor_id:
        params["starting_after"] = place.cursor_id
    created: dict[str, int] = {}
    if place.bound is not None:
        created["lte"] = to_unix(place.bound)
    if place.low is not None:
        created["gte"] = to_unix(place.low)
    if created:
        params["created"] = created
    return kind.list_of(place.parent_id), params


def read(page: dict[str, Any], place: Place, account_id: str | None, began: datetime) -> Read:
    """The page's objects.

    Raises:
        Upstream: it is no list, or says that there is more and holds nothing.
        Conflict: it holds objects of the other mode.
    """
    rows = _rows(page, place)
    whose = place.parent_id if BY_OBJECT[place.object].of else None
    copies = tuple(
        FetchedCopy(
            place.livemode, place.object, row["id"], account_id, began,
            listed=True, body=None if row.get("deleted") is True else row, parent=whose,
        )
        for row in rows
    )  # fmt: skip
    first, last = (_created(rows[0]), _created(rows[-1])) if rows else (UNDATED, UNDATED)
    return Read(copies, page.get("has_more") is True, first, last)


def _rows(page: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    data: Any = page.get("data")
    if not isinstance(data, list) or any(
        not isinstance(row, dict) or "id" not in row for row in cast("list[Any]", data)
    ):
        raise Upstream("stripe_list_malformed", f"Stripe's list of {place.object} objects is not a list of objects.")
    rows = cast("list[dict[str, Any]]", data)
    if page.get("has_more") is True and not rows:
        raise Upstream(
            "stripe_list_malformed", f"Stripe's list of {place.object} objects says there is more, and stops."
        )
    if any(row.get("livemode", place.livemode) is not place.livemode for row in rows):
        raise Conflict("mirror_other_mode", f"Stripe answered with {place.object} objects of the other mode.")
    return rows


def _created(row: dict[str, Any]) -> datetime:
    created = row.get("created")
    return from_unix(created) if isinstance(created, int) else UNDATED
