"""Values of the proof: how true each type is known to be, a month of it, and an object that had drifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tillwright.domains.mirror.proof.compare import Drift


@dataclass(frozen=True, slots=True)
class Proof:
    """`proven_at`: when the last pass over the whole list ended (it began at `proven_from`), `proven_rows` what it
    compared, `proven_pages` what it asked for.

    `drifted`: objects found wrong since that pass began; `unmended` those of any pass that still are. `asked_for`:
    objects that no page of the list had; whether they are gone is not known before Stripe was asked for each.
    `under_way`: rows compared in the pass that goes now, None between passes. `error`: why the last page failed.
    """

    livemode: bool
    object: str
    proven_at: datetime | None
    proven_rows: int
    proven_pages: int
    drifted: int
    unmended: int
    asked_for: int
    under_way: int | None
    began: datetime | None
    proven_from: datetime | None
    error: dict[str, Any] | None

    @property
    def true(self) -> bool:
        """Proven, and nothing was wrong."""
        return self.proven_at is not None and not self.drifted and not self.unmended


@dataclass(frozen=True, slots=True)
class Month:
    """Objects made in a month (UTC), as last compared."""

    month: date
    rows: int
    drift: int
    proven_at: datetime


@dataclass(frozen=True, slots=True)
class DriftRow:
    """An object that was not as Stripe has it. `settled`: no late event explains it."""

    livemode: bool
    object: str
    id: str
    drift: Drift
    fields: tuple[str, ...]
    found: datetime
    mended: datetime | None
    settled: datetime | None
