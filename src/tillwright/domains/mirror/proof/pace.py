"""How fast the mirror is compared with Stripe, and so how old a proof may be: pure."""

from __future__ import annotations

from datetime import timedelta

PACE = timedelta(seconds=1)
"""Between two pages of one pass: a hundredth of what a live account may ask, a twenty-fifth in test mode."""
TURN = 120
"""Pages that one process compares of an account before it looks around."""
REST = timedelta(hours=1)
"""Between two passes over a list."""
LATE = timedelta(minutes=10)
"""How late an event may be before what it would have changed counts as drift."""


def recent(pages: int) -> timedelta:
    """How old the proof of a list may be where a round over all lists asks for so many pages.

    Twice the time that a round and its rest take: an answer that waits and a worker that begins anew cost no alarm.
    """
    return 2 * (REST + pages * PACE)
