"""Identifiers: new ones that sort by time, derived ones that are pure, and tokens that can't be guessed."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LONGEST_PREFIX = 9  # the public API allows ids of 36 characters: prefix, underscore, 26
_lock = threading.Lock()
_last = 0


def _base32(number: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def new(prefix: str) -> str:
    """A fresh id such as `run_01j…`: at most 36 characters, increasing within a process."""
    global _last
    if not 1 <= len(prefix) <= _LONGEST_PREFIX:
        raise ValueError(f"an id's prefix has 1 to {_LONGEST_PREFIX} characters, not {prefix!r}")
    # An id's time part only sorts rows; no decision reads it, so it need not come from the given clock.
    value = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    with _lock:
        _last = value = max(value, _last + 1)
    return f"{prefix}_{_base32(value, 26)}"


def digest(*parts: str) -> str:
    """A pure function of its parts: 32 characters; no two different lists of parts share their text."""
    text = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    number = int.from_bytes(hashlib.sha256(text).digest()[:20], "big")
    return _base32(number, 32)


def token(size: int = 32) -> str:
    """`size` random bytes, safe in a URL."""
    return base64.urlsafe_b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()


def fingerprint(text: str) -> str:
    """SHA-256 of a high-entropy token, in hex: what is stored in place of the token itself."""
    return hashlib.sha256(text.encode()).hexdigest()
