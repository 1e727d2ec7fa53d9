"""When a mail that could not be handed over is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

LEASE = timedelta(seconds=20)
"""How long one attempt may take; longer than the mail gateway's own limit, so that no two attempts overlap."""

_WAITS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 1800))
_LAST = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)


def wait(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else _LAST
