"""Rate budgets shared by every process: token buckets in PostgreSQL, drawn on before each request."""

from __future__ import annotations

import asyncio
from typing import Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.budgets import Budget, Rates, budgets_of
from tillwright.gateways.stripe.reader import Lane
from tillwright.kit.clock import Clock

BULK_DEBT = 0.5
"""Seconds: how far ahead a bulk request may take a token."""


class Limiter(Protocol):
    """Holds requests back so that Stripe need not."""

    async def take(self, access: Access, method: str, path: str, *, lane: Lane, patience: float) -> bool:
        """Waits for its turn; False if that would take longer than `patience` seconds."""
        ...

    async def empty(self, access: Access, method: str, path: str, seconds: float) -> None:
        """Stripe said 429: nobody draws on these budgets for so many seconds."""
        ...


class SharedLimits:
    """Buckets as rows. The server's clock measures time, because the processes' own clocks differ.

    Either lane may run into debt, which it waits off in its turn; the interactive one into any, the bulk lane only into
    `BULK_DEBT`, one request of a process and endpoint at a time. So an interactive request waits that long for the bulk
    lane at most, and overtakes whatever of it is not due by then.
    """

    def __init__(self, database: Database, clock: Clock, rates: Rates | None = None) -> None:
        self._database = database
        self._clock = clock
        self._rates = rates or Rates()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]] = (
            WeakKeyDictionary()
        )

    async def take(self, access: Access, method: str, path: str, *, lane: Lane, patience: float) -> bool:
        budgets = budgets_of(access, method, path, self._rates)
        if lane == "interactive":
            taken, wait = await self._draw(budgets, patience)
            if taken and wait > 0:
                await self._clock.sleep(wait)
            return taken
        began = self._clock.monotonic()
        # Of those who wait for the same budgets only the first asks the database.
        async with self._turn(" ".join(budget.name for budget in budgets)):
            patience = max(0.0, patience - (self._clock.monotonic() - began))
            while True:
                taken, wait = await self._draw(budgets, min(patience, BULK_DEBT))
                if not taken and wait > patience:
                    return False
                # A token taken ahead is not lost by waking up late: the next one is due that much sooner.
                until = wait if taken else wait - BULK_DEBT / 2
                await self._clock.sleep(max(0.0, until))
                if taken:
                    return True
                patience -= until

    async def empty(self, access: Access, method: str, path: str, seconds: float) -> None:
        budgets = budgets_of(access, method, path, self._rates)
        await self._database.single(
            "select empty_rate_buckets(%s, %s, %s)", ([b.name for b in budgets], [b.rate for b in budgets], seconds)
        )

    async def _draw(self, budgets: list[Budget], patience: float) -> tuple[bool, float]:
        """(taken, seconds to wait): before sending when taken, until there is a token when not."""
        row = await self._database.single(
            "select taken, wait from draw_rate_buckets(%s, %s, %s, %s, %s)",
            (
                [b.name for b in budgets],
                [b.rate for b in budgets],
                [b.burst for b in budgets],
                False,
                patience,
            ),
        )
        assert row is not None
        return row["taken"], row["wait"]

    def _turn(self, name: str) -> asyncio.Lock:
        turns = self._turns.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        return turns.setdefault(name, asyncio.Lock())


class NoLimits:
    """Lets everything pass: for a Stripe of one's own, such as a sandbox without rate limits."""

    async def take(self, access: Access, method: str, path: str, *, lane: Lane, patience: float) -> bool:
        return True

    async def empty(self, access: Access, method: str, path: str, seconds: float) -> None:
        return None
