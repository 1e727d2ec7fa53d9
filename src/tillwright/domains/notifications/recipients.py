"""Checked recipients: plain addresses, or contacts by their id or name. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tillwright.kit.errors import Problem

MOST = 50
"""Recipients of one scope, in TO, CC and BCC each."""
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\\x00-\x20\x7f]{1,64}@[^\s@,;:<>()\[\]\"\\\x00-\x20\x7f]{1,255}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)


def address_problem(text: str, field: str) -> Problem | None:
    """What is wrong with an address, or None."""
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        return Problem("address_line", "An address is one line.", field, "Take the line break out.")
    if "," in text or ";" in text:
        return Problem("address_several", f"{text[:60]!r} holds several addresses.", field, "Give them one by one.")
    if not _is_address(text):
        return Problem("address_invalid", f"{text[:60]!r} is no mail address.", field, "Write it as name@example.com.")
    return None


def _is_address(text: str) -> bool:
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        return False
    user, _, domain = text.rpartition("@")
    if user.startswith(".") or user.endswith(".") or ".." in user:
        return False
    try:
        labels = domain.encode("idna").decode().split(".")
    except UnicodeError:
        return False
    return all(_LABEL.fullmatch(label) for label in labels)


def resolve(
    given: Sequence[str], by_id: Mapping[str, str], by_name: Mapping[str, Sequence[str]], field: str
) -> tuple[list[str], list[Problem]]:
    """Recipients as they are kept, addresses in small letters' domain and contacts by id, and every complaint.

    Args:
        by_id: contacts' names by their ids.
        by_name: contacts' ids by their names in small letters.
    """
    kept: list[str] = []
    wrong: list[Problem] = []
    if len(given) > MOST:
        wrong.append(Problem("recipients_many", f"At most {MOST} recipients.", field, "Use an address of a group."))
    for text in given[:MOST]:
        text = text.strip(" ")
        if not text:
            continue
        named = by_name.get(text.lower(), ())
        if text in by_id:
            kept.append(text)
        elif len(named) == 1:
            kept.append(named[0])
        elif len(named) > 1:
            remedy = "Give the contact's id or address."
            wrong.append(Problem("contact_ambiguous", f"Several contacts are called {text[:60]!r}.", field, remedy))
        elif "@" not in text and text.isprintable() and "," not in text:
            remedy = "Make the contact first, or give an address."
            wrong.append(Problem("contact_absent", f"There is no contact {text[:60]!r}.", field, remedy))
        elif problem := address_problem(text, field):
            wrong.append(problem)
        else:
            user, _, domain = text.rpartition("@")
            kept.append(f"{user}@{domain.lower()}")
    return list(dict.fromkeys(kept)), wrong
