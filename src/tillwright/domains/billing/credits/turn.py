"""Decides the next move of a credit wallet: pure."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains.billing.credits.model import Wallet


def next_amount(wallet: Wallet, placed: int, left: int, over: int, now: datetime) -> int:
    """What to change the customer's balance by, in minor units; positive gives credit, 0 if all is as it should be.

    Args:
        placed: what the wallet's moves put there so far, all in all.
        left: what of it is not spent.
        over: what was taken back too much.
    """
    if over:
        return over
    if wallet.ended(now) or not wallet.begun(now):
        return -min(left, placed)
    gap = wallet.wanted - placed
    return gap if gap >= 0 else -min(-gap, left)
