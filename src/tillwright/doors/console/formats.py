"""How values are written for people: pure, and in one place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from tillwright.kit import money as kit_money
from tillwright.kit.clock import from_unix

NOTHING = "–"
_STEPS = (("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3_600), ("minute", 60))


def moment(value: datetime | int | float | None) -> datetime | None:
    """A time from either of our sources: aware UTC, or Stripe's seconds since 1970."""
    if value is None:
        return None
    return value.astimezone(UTC) if isinstance(value, datetime) else from_unix(value)


def utc(value: datetime) -> str:
    """`24 Nov 2026, 17:14:05 UTC`."""
    return f"{value.day} {value:%b %Y, %H:%M:%S} UTC"


def day(value: datetime) -> str:
    """`24 Nov 2026`."""
    return f"{value.day} {value:%b %Y}"


def relative(value: datetime, now: datetime) -> str:
    """`just now`, `3 minutes ago`, `in 2 days`: the largest whole unit."""
    seconds = (now - value) / timedelta(seconds=1)
    distance = abs(seconds)
    if distance < 45:
        return "just now" if seconds >= -5 else "in a moment"
    unit, size = next((step for step in _STEPS if distance >= step[1]), _STEPS[-1])
    count = max(1, int(distance // size))
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def money(amount: int | None, currency: str | None) -> str:
    """An amount in minor units with its currency, or a dash where Stripe gave none."""
    return NOTHING if amount is None or not currency else kit_money.show(amount, currency)


def term_in_words(text: str) -> str:
    """`1 year`, `6 months`, `1 year 6 months`, from an ISO 8601 duration of whole days."""
    units = {"Y": "year", "M": "month", "W": "week", "D": "day"}
    return " ".join(plural(int(number), units[unit]) for number, unit in re.findall(r"(\d+)([YMWD])", text))


def duration(milliseconds: float | None) -> str:
    """`12 ms`, `1.4 s`, `3 min 5 s`."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < 1000:
        return f"{max(0, round(milliseconds))} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def count(number: int) -> str:
    """`12,345`."""
    return f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 payment`, `2 payments`, `1,200 payments`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def pretty_json(value: Any) -> str:
    """JSON on several lines, keys as they came."""
    if isinstance(value, bytes | str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value if isinstance(value, str) else value.decode("utf-8", "replace")
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def words(name: str | None) -> str:
    """`payment_intent` or `NOT_VERIFIED` as `Payment intent` and `Not verified`."""
    text = (name or "").replace("_", " ").replace(".", " ").strip().lower()
    return text[:1].upper() + text[1:]


def masked(key: str | None) -> str:
    """A publishable key's beginning and last four characters; publishable keys are no secret, only long."""
    if not key:
        return NOTHING
    return key if len(key) <= 16 else f"{key[:8]}…{key[-4:]}"
