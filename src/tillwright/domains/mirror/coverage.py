"""How much of each type is here, and how fast the rest comes: pure, from the backfill's own record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tillwright.domains.mirror.backfill.pages import walks_clocks
from tillwright.domains.mirror.backfill.plan import time_left
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.domains.mirror.model import BackfillState, Progress


class Coverage(StrEnum):
    COMPLETE = "COMPLETE"
    IN_PART = "IN_PART"
    """Read to its end, and Stripe's list leaves out a part of the type; `part_of` says which."""
    READING = "READING"
    NOT_YET = "NOT_YET"
    DENIED = "DENIED"
    """The key lacks a right."""
    NOT_OFFERED = "NOT_OFFERED"
    """Stripe does not offer this to the account."""
    FAILED = "FAILED"


_OF = {
    BackfillState.DONE: Coverage.COMPLETE,
    BackfillState.RUNNING: Coverage.READING,
    BackfillState.WAITING: Coverage.NOT_YET,
    BackfillState.DENIED: Coverage.DENIED,
    BackfillState.ABSENT: Coverage.NOT_OFFERED,
    BackfillState.FAILED: Coverage.FAILED,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """All lists together. `rate` is in objects a second, `left` how long the rest takes; None while nobody can know."""

    done: int
    pages: int
    lists: int
    over: int
    rate: float | None
    left: timedelta | None


def coverage_of(progress: Progress | None, clocks: Progress | None = None) -> Coverage:
    """None stands for a list that was never asked for; `clocks` is how far the list of test clocks is."""
    if progress is None:
        return Coverage.NOT_YET
    found = _OF[progress.state]
    return Coverage.IN_PART if found is Coverage.COMPLETE and part_of(progress, clocks) else found


def part_of(progress: Progress, clocks: Progress | None = None) -> str | None:
    """What the list of this type leaves out; None if it has everything. `clocks` is how far the list of clocks is."""
    kind = BY_OBJECT.get(progress.object)
    if kind is None:
        return None
    if walks_clocks(kind, progress.livemode) and clocks and coverage_of(clocks) in (Coverage.DENIED, Coverage.FAILED):
        return "all but what lives on test clocks, for those can't be listed; events bring it"
    return kind.part


def missing_right(error: dict[str, Any] | None) -> str | None:
    """The right that a refusal names, as Stripe writes it; None where it names none."""
    said: dict[str, Any] = (error or {}).get("stripe") or {}
    right = said.get("right")
    return f"rak_{right}" if isinstance(right, str) and right else None


def pace(rows: Sequence[Progress], now: datetime) -> Pace:
    """How fast the lists come in: the rate of what is under way, and what is left where its size is known."""
    running = [row for row in rows if not row.over and row.began is not None]
    began = min((row.began for row in running if row.began), default=None)
    # Lists that were read and ended meanwhile took their share of the requests.
    since = [row for row in rows if began and row.began and row.began >= began]
    seconds = (now - began).total_seconds() if began else 0.0
    rate = sum(row.done for row in since) / seconds if seconds > 0 else None
    lefts = [time_left(row.done, row.estimate, row.began, now) for row in running]
    known = [left for left in lefts if left is not None]
    left = max(known) if known and len(known) == len(lefts) else None
    return Pace(
        sum(row.done for row in rows),
        sum(row.pages for row in rows),
        len(rows),
        sum(row.over for row in rows),
        rate,
        left,
    )
