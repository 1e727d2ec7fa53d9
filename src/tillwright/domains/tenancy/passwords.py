"""Passwords: argon2, in a thread, at the same cost whether the person exists or not."""

from __future__ import annotations

import asyncio
import functools
from datetime import timedelta

from pwdlib import PasswordHash

from tillwright.kit.errors import Invalid

TRIES, TRY_WINDOW = 10, timedelta(minutes=15)
"""So many wrong passwords in so long, then further tries are refused unread."""
_SHORTEST, _LONGEST = 10, 1024
_hasher = PasswordHash.recommended()


@functools.cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")


def check_strength(password: str) -> None:
    """Raises:
    Invalid: shorter than 10 or longer than 1,024 characters.
    """
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise Invalid(
            "password_length",
            f"A password has {_SHORTEST} to {_LONGEST} characters; this one has {len(password)}.",
            field="password",
            remedy="A few words in a row make a good one.",
        )


async def hash_password(password: str) -> str:
    check_strength(password)
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one; None stands for a person who does not exist."""
    nobody = await asyncio.to_thread(_nobody)  # before the work that takes time, whoever is asked for
    matches = await asyncio.to_thread(_hasher.verify, password[:_LONGEST], stored or nobody)
    return matches and stored is not None
