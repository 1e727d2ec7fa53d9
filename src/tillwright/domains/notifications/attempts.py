"""When a delivery that could not be made is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

LEASE = timedelta(seconds=20)
"""How long one attempt may take; longer than the gateways' own limits, so that no two attempts overlap."""

_WAITS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 1800))
_LAST = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
"""Counted from when it was written, but never before a second attempt: an outage of ours gives nothing up."""


def wait(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else _LAST
