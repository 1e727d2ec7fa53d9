"""Work for many, a few at a time: who has much to do makes nobody wait who has little."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

AT_ONCE = 6
"""How many are worked for at the same time."""


def share(most: int, waiting: int) -> int:
    """How much one of them gets in a turn: `most` where nobody else waits, a quarter of it where somebody does."""
    return most if waiting < 2 else max(1, most // 4)


async def take_turns(names: Sequence[str], work: Callable[[str], Awaitable[int]], *, at_once: int = AT_ONCE) -> int:
    """Do each one's work; returns how much was done in all.

    What one of them raises is raised once all have had their turn: it stops nobody else's work.
    """
    left = iter(names)

    async def lane() -> tuple[int, list[Exception]]:
        done, errors = 0, list[Exception]()
        for name in left:
            try:
                done += await work(name)
            except Exception as error:
                errors.append(error)
        return done, errors

    lanes = await asyncio.gather(*(lane() for _ in range(min(at_once, len(names)))))
    for _, errors in lanes:
        if errors:
            raise errors[0]
    return sum(done for done, _ in lanes)
