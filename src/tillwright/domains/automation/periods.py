"""Spans of time as people write them: `90s`, `15m`, `12h`, `3d`, `2w`."""

from __future__ import annotations

import re

LONGEST = 400 * 86_400
"""Seconds; a wait ends within this."""
_SPAN = re.compile(r"([1-9][0-9]{0,8})\s*(s|m|h|d|w)")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds(text: object) -> int | None:
    """The span in seconds; None if it is none, or longer than `LONGEST`."""
    found = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        return None
    span = int(found.group(1)) * _UNITS[found.group(2)]
    return span if span <= LONGEST else None
