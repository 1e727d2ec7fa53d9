"""Pages of a list: cursors both ways, the length of a page, has_more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import invalid, no_such
from .objects import Collection, Key, Objects, Record

DEFAULT_LENGTH, MAX_LENGTH = 10, 100
LOWEST: Key = (-(2**62), 0)
HIGHEST: Key = (2**62, 0)


@dataclass
class Page:
    """`rows` are records of the store or plain objects."""

    rows: list[Record] | list[dict[str, Any]]
    has_more: bool
    url: str
    object: str = "list"
    next_page: str | None = None
    total_count: int | None = None


@dataclass
class Window:
    """What of a list a request wants: a length, a side to start from, and bounds (exclusive) of the order's key."""

    length: int
    low: Key
    high: Key
    backwards: bool  # ending_before: the rows just newer than the cursor


def length(params: dict[str, Any]) -> int:
    """Silently 1 for less, 100 for more, as Stripe does."""
    limit = params.get("limit")
    return DEFAULT_LENGTH if limit is None else max(1, min(limit, MAX_LENGTH))


def window(objects: Objects, kinds: tuple[str, ...], params: dict[str, Any]) -> Window:
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid("Received both starting_after and ending_before parameters. Please pass in only one.")
    low, high = _created_bounds(params.get("created"))
    if after:
        high = min(high, _cursor(objects, kinds, after, "starting_after"))
    if before:
        low = max(low, _cursor(objects, kinds, before, "ending_before"))
    return Window(length(params), low, high, bool(before))


def _cursor(objects: Objects, kinds: tuple[str, ...], id_: str, param: str) -> Key:
    """A deleted object still marks a place."""
    for kind in kinds:
        record = objects.record(kind, id_)
        if record is not None:
            return record.key
    raise no_such(kinds[0], id_, param)


def _created_bounds(created: Any) -> tuple[Key, Key]:
    if isinstance(created, int):
        created = {"gte": created, "lte": created}
    low, high = LOWEST, HIGHEST
    for word, moment in (created or {}).items():
        if word == "gt":
            low = max(low, (moment + 1, -1))
        elif word == "gte":
            low = max(low, (moment, -1))
        elif word == "lt":
            high = min(high, (moment, -1))
        elif word == "lte":
            high = min(high, (moment + 1, -1))
    return low, high


def between(kind: Collection, view: Window) -> Iterator[Record]:
    """The living records inside the window; newest first, or oldest first when going backwards."""
    start = bisect_right(kind.order, view.low, key=lambda one: one[0])
    stop = bisect_left(kind.order, view.high, key=lambda one: one[0])
    places = range(start, stop) if view.backwards else range(stop - 1, start - 1, -1)
    return (record for record in (kind.order[place][1] for place in places) if not record.deleted)


def within(records: Iterable[Record], view: Window) -> Iterator[Record]:
    """The same for a given choice of records, newest first."""
    inside = [record for record in records if view.low < record.key < view.high]
    return reversed(inside) if view.backwards else iter(inside)


def cut(records: Iterator[Record], view: Window, where: Callable[[dict[str, Any]], bool]) -> tuple[list[Record], bool]:
    """(the page's rows, has_more)"""
    rows: list[Record] = []
    more = False
    for record in records:
        if where(record.obj):
            if len(rows) == view.length:
                more = True
                break
            rows.append(record)
    return (rows[::-1] if view.backwards else rows), more
