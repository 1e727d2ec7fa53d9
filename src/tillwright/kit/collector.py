"""Python's collector of reference cycles, set for processes that live long and hold much."""

from __future__ import annotations

import gc


def settle() -> None:
    """Leave what is loaded by now out of its sight, and let it look at what is new less often.

    Thousands of rows in hand at once, none of them in a cycle, were a fifth of a backfill's processor time to look
    through at the defaults; a cycle is still found after ten thousand new objects. Called once, when all is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
