"""How long a one-off purchase lasts, as its product, price or payment says it: an ISO 8601 duration in whole dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

NAME = "entitlement_term"
"""The metadata key: `P1Y`, `P6M`, `P2W`, `P30D`, or a combination such as `P1Y6M`."""
_DURATION = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Length:
    """Months first, then days, as a person would count on a calendar."""

    months: int
    days: int

    def after(self, start: datetime) -> datetime:
        """The end; the 31st plus a month without one is that month's last day."""
        month = start.year * 12 + start.month - 1 + self.months
        year, month = month // 12, month % 12 + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day) + timedelta(days=self.days)


def parse(text: Any) -> Length | None:
    """None for what is no duration, or is one of no length: a purchase without a term grants none."""
    found = _DURATION.fullmatch(text.strip().upper()) if isinstance(text, str) else None
    if found is None:
        return None
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    length = Length(years * 12 + months, weeks * 7 + days)
    return length if length.months or length.days else None


def of_metadata(*bodies: Mapping[str, Any] | None) -> Length | None:
    """The first of these objects' metadata that names a term."""
    for body in bodies:
        metadata = (body or {}).get("metadata")
        if isinstance(metadata, dict) and (length := parse(metadata.get(NAME))):  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
            return length
    return None
