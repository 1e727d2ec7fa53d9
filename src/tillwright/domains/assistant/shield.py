"""Makes what outsiders wrote harmless to show: marked as data, cleaned, masked where it names a person. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from tillwright.kit.money import show

LONGEST = 300
_KEPT_CATEGORIES = frozenset("LMNPSZ")  # letters, marks, numbers, punctuation, symbols, separators
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPACES = re.compile(r"\s+")


def cleaned(text: str) -> str:
    """One line of visible characters: no control, no direction marks, no invisible letters."""
    kept = "".join(c if unicodedata.category(c)[0] in _KEPT_CATEGORIES else " " for c in text[: LONGEST * 4])
    line = _SPACES.sub(" ", kept).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def outside(text: Any, *, allowed: bool = False) -> dict[str, str] | None:
    """Somebody else's words, under the one name that says so; their own quotes can't end it, for it is JSON.

    Mail addresses in them are masked unless `allowed`.
    """
    if not isinstance(text, str) or not text.strip():
        return None
    shown = cleaned(text)
    return {"outside_text": shown if allowed else _EMAIL.sub(lambda found: masked_email(found[0]), shown)}


def masked_name(text: str) -> str:
    """`Ada Lovelace` as `A… L…`."""
    return " ".join(f"{word[0]}…" for word in cleaned(text).split() if word[0].isalnum())[:40] or "…"


def masked_email(text: str) -> str:
    """`ada@example.com` as `a…@e….com`."""
    local, _, domain = cleaned(text).partition("@")
    name, _, ending = domain.rpartition(".")
    ending = ending if ending.isalpha() and len(ending) <= 10 else "…"
    first = [part[0] if part and part[0].isalnum() else "" for part in (local, name)]
    return f"{first[0]}…@{first[1]}….{ending}"


def amount(value: Any, currency: Any) -> dict[str, Any] | None:
    """Money: whole minor units, and as people write it."""
    if not isinstance(value, int) or not isinstance(currency, str):
        return None
    return {"amount": value, "currency": currency, "text": show(value, currency)}


def personal(kind: str, value: Any, *, allowed: bool) -> Any:
    """A name, address or card's digits: as it is (marked) where the user allows it, else masked."""
    if not isinstance(value, str) or not value:
        return None
    if kind == "last4":
        return value[:4] if allowed and value[:4].isdigit() else "••••"
    if allowed:
        return outside(value, allowed=True)
    if kind == "name":
        return masked_name(value)
    return masked_email(value) if kind == "email" else "…"
