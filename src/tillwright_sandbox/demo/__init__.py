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


def fill(world: World, seed: int, say: Callable[[str], None]) -> dict[str, int]:
    """Tells the story on the first account in test mode, ending at the present. Answers how many objects it made.

    The clock is put back to the beginning for it, and runs with real time again afterwards.
    """
    behaviours.attach(world)
    account = next(iter(world.accounts.values()))
    now = world.clock.now()
    world.clock.freeze()
    world.clock.start_at(now - SPAN)
    Story(Shop(world, account), random.Random(seed), now).tell(say)
    world.clock.unfreeze()
    world.clock.start_at(world.clock.real())
    prune(world)
    shown = ("customer", "subscription", "invoice", "payment_intent", "charge", "refund", "dispute", "event")
    return {kind: account.test.count(kind) for kind in shown}
