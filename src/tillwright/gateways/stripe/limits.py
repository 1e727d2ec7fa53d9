"""Rate budgets shared by every process: token buckets in PostgreSQL, drawn on before each request."""

from __future__ import annotations

from typing import Protocol

from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.budgets import Budget, Rates, budgets_of
from tillwright.gateways.stripe.reader import Lane
from tillwright.kit.clock import Clock


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

    The interactive lane may run into debt, which it waits off in its turn. The bulk lane may not: it comes again when
    there is a whole token, so any interactive request overtakes it.
    """

    def __init__(self, database: Database, clock: Clock, rates: Rates | None = None) -> None:
        self._database = database
        self._clock = clock
        self._rates = rates or Rates()

    async def take(self, access: Access, method: str, path: str, *, lane: Lane, patience: float) -> bool:
        budgets = budgets_of(access, method, path, self._rates)
        while True:
            taken, wait = await self._draw(budgets, lane, patience)
            if taken:
                if wait > 0:
                    await self._clock.sleep(wait)
                return True
            if lane == "interactive" or wait > patience:
                return False
            patience -= wait
            await self._clock.sleep(wait)

    async def empty(self, access: Access, method: str, path: str, seconds: float) -> None:
        budgets = budgets_of(access, method, path, self._rates)
        async with self._database.open() as tx:
            await tx.execute(
                "select empty_rate_buckets(%s, %s, %s)",
                ([b.name for b in budgets], [b.rate for b in budgets], seconds),
            )

    async def _draw(self, budgets: list[Budget], lane: Lane, patience: float) -> tuple[bool, float]:
        """(taken, seconds to wait): before sending when taken, before asking again when not."""
        async with self._database.open() as tx:
            await tx.execute("set local synchronous_commit = off")  # a bucket lost in a crash is a full one: harmless
            row = await (
                await tx.execute(
                    "select taken, wait from draw_rate_buckets(%s, %s, %s, %s, %s)",
                    (
                        [b.name for b in budgets],
                        [b.rate for b in budgets],
                        [b.burst for b in budgets],
                        lane == "bulk",
                        patience,
                    ),
                )
            ).fetchone()
        assert row is not None
        return row["taken"], row["wait"]


class NoLimits:
    """Lets everything pass: for a Stripe of one's own, such as a sandbox without rate limits."""

    async def take(self, access: Access, method: str, path: str, *, lane: Lane, patience: float) -> bool:
        return True

    async def empty(self, access: Access, method: str, path: str, seconds: float) -> None:
        return None
