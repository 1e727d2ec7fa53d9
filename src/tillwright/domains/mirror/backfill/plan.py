"""How a list is cut into ranges that are read at the same time, and how much of it is left: pure.

A list is read newest first. A range knows how dense its objects were so far, so it can give away the older part of
what is left to another reader. Each cut costs about half a page more than reading on would, and a whole one if nothing
is there: they are kept under a tenth of the pages read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PAGE = 100
AT_ONCE = 12
"""Ranges of one list that are read at the same time: at 100 ms a page more than the 25 requests a second allowed."""
AT_ONCE_TEST = 8
AT_ONCE_LIVE = 48
"""Requests of one account under way at the same time, by mode: enough for 25 and 100 a second."""
_DEAREST = 10  # pages read for each cut
_WORTH = 2  # pages that a range must have left, by all we know, to be cut; more, and a list's end is read by few
_SECOND = timedelta(seconds=1)


def at_once(livemode: bool) -> int:
    """How many requests of an account may be under way at the same time."""
    return AT_ONCE_LIVE if livemode else AT_ONCE_TEST


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a range is: from `newest` down to `cursor`, `rows` in between; it ends at `low`, None while unknown."""

    newest: datetime
    cursor: datetime
    low: datetime | None
    rows: int


def cut(reach: Reach, *, list_newest: datetime, pages: int, ranges: int, running: int) -> datetime | None:
    """The second at which the range should end, another range taking what is older; None to read on.

    Args:
        list_newest: when the newest object of the whole list was made.
        pages: read of the whole list so far; `ranges`: made so far; `running`: not done yet.
    """
    if running >= AT_ONCE or pages < _DEAREST * ranges:
        return None
    if reach.low is None:
        # Nobody knows how far back the list goes: suppose as far again as everything read so far, and go on from there.
        at = reach.cursor - max(_SECOND, list_newest - reach.cursor)
    else:
        if left(reach) < _WORTH * PAGE:
            return None
        at = reach.low + (reach.cursor - reach.low) / 2
    at = at.replace(microsecond=0)
    lowest = reach.low or datetime.fromtimestamp(0, tz=at.tzinfo)
    return at if lowest < at < reach.cursor else None


def left(reach: Reach) -> float:
    """About how many rows are left in a range whose end is known, as dense as those before; infinite if it is not."""
    if reach.low is None:
        return float("inf")
    covered = (reach.newest - reach.cursor) / _SECOND
    ahead = (reach.cursor - reach.low) / _SECOND
    if ahead <= 0:
        return 0
    return reach.rows / covered * ahead if covered > 0 else float("inf")


def time_left(done: int, estimate: int | None, began: datetime | None, now: datetime) -> timedelta | None:
    """How long the rest takes at the rate so far; None while nobody can know."""
    if estimate is None or began is None or done <= 0 or now <= began:
        return None
    return max(timedelta(), (now - began) * ((estimate - done) / done)) if estimate > done else timedelta()
