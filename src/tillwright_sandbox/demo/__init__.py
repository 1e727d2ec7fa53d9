"""Believable data for a demo: a software firm's last eight months, made through the sandbox's own behaviours."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import behaviours
from ..events import prune
from .shop import Shop
from .story import SPAN, Story

if TYPE_CHECKING:
    from ..world import World


SMALLER = (40, 24)
"""Customers of the accounts that people connect as their own."""


def fill(world: World, seed: int, say: Callable[[str], None]) -> dict[str, int]:
    """Tells the story on the first account in test mode, ending at the present. Answers how many objects it made.

    The other accounts, which people connect as their own, have smaller stories of the same kind.

    The clock is put back to the beginning for it, and runs with real time again afterwards.
    """
    behaviours.attach(world)
    account, *others = world.accounts.values()
    now = world.clock.now()
    world.clock.freeze()
    world.clock.start_at(now - SPAN)
    Story(Shop(world, account), random.Random(seed), now).tell(say)
    # Each begins in the same past and ends now, so that nothing of one is due while another is told.
    for number, (other, customers) in enumerate(zip(others, SMALLER, strict=False), 1):
        world.clock.start_at(now - SPAN)
        Story(Shop(world, other), random.Random(seed + number), now, customers).tell(lambda _: None)
        say(f"demo data: {other.name}, an account to connect as your own")
    world.clock.unfreeze()
    world.clock.start_at(world.clock.real())
    prune(world)
    shown = ("customer", "subscription", "invoice", "payment_intent", "charge", "refund", "dispute", "event")
    return {kind: account.test.count(kind) for kind in shown}
