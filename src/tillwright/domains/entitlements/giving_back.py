"""When all that was paid for a purchase has gone back to the buyer: pure.

Refunds that succeeded and disputes that were lost add up. A refund that failed, even one that had succeeded before,
gives nothing back; one that is still pending has not yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tillwright.kit.clock import from_unix

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Back:
    """`at`: when the last part of it went; `by`: refund or dispute, whichever that was."""

    at: datetime
    by: str


def given_back(paid: Any, currency: Any, refunds: Sequence[Body], disputes: Sequence[Body]) -> Back | None:
    """None while any of it was kept.

    Args:
        paid: minor units.
        refunds, disputes: Stripe's objects, of every payment that paid for it.
    """
    if not isinstance(paid, int) or paid <= 0:
        return None  # what cost nothing can't be given back
    parts = [(one, "refund") for one in refunds if one.get("status") == "succeeded"]
    parts += [(one, "dispute") for one in disputes if one.get("status") == "lost"]
    rest = paid
    for body, by in sorted(parts, key=lambda part: (_created(part[0]), str(part[0].get("id")))):
        if body.get("currency") == currency:
            rest -= int(body.get("amount") or 0)
            if rest <= 0:
                return Back(from_unix(_created(body)), by)
    return None


def _created(body: Body) -> int:
    return int(body.get("created") or 0)
