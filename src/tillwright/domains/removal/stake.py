"""What a deletion would take, counted before anybody confirms it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from tillwright.gateways.database import Tally

Fate = Literal["ERASED", "ENDED"]


@dataclass(frozen=True)
class Stake:
    """One kind of thing: ERASED is gone for good, ENDED is stopped.

    `more`: there are more than `count`, which is as far as was counted.
    """

    what: str
    fate: Fate
    count: int
    more: bool = False

    @property
    def said(self) -> str:
        """`12,345`, or `more than 10,000`."""
        return f"{'more than ' if self.more else ''}{self.count:,}"

    def as_json(self) -> dict[str, Any]:
        """Plain data, names as here."""
        return asdict(self)


def stake(what: str, found: Tally, fate: Fate = "ERASED") -> Stake:
    """A kind of thing as it was counted."""
    return Stake(what, fate, found.count, found.more)
