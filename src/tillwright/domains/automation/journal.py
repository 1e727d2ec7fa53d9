"""A run's own record of what its steps gave, so that it can lay itself aside and be taken up by another process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from tillwright.gateways.durable import Steps

PARKED_FROM = 30.0
"""Seconds; a shorter pause is slept through, for a longer one the run leaves the worker's hands."""
SLEEP = "sleep"

Entry = list[Any]
"""[name, result] of one step, in the order they were taken; JSON."""


class Parked(Exception):
    """The run has nothing to do for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class RunSteps(Protocol):
    """The engine's steps, as a run sees them."""

    async def step(self, name: str, work: Callable[[], Awaitable[Any]], *, keeps: bool = False) -> Any:
        """Do the work and keep its result, or give the kept one.

        Args:
            keeps: the work commits its result together with what it did, and gives that one when it is done again;
                then the engine need not keep it too.
        """
        ...

    async def sleep(self, seconds: float) -> None: ...


class Journal:
    """Steps that are first answered from earlier segments' entries, then by the engine, or by work that keeps its own.

    The entries of earlier segments never change, so that a run taken up again asks the engine for the same steps.
    """

    def __init__(self, steps: Steps, earlier: Sequence[Entry]) -> None:
        self._steps = steps
        self._earlier = list(earlier)
        self.entries: list[Entry] = []

    async def step(self, name: str, work: Callable[[], Awaitable[Any]], *, keeps: bool = False) -> Any:
        if len(self.entries) < len(self._earlier):
            kept, result = self._earlier[len(self.entries)]
            if kept != name:
                raise RuntimeError(f"the run's journal has {kept!r} where it now asks for {name!r}")
        else:
            result = await work() if keeps else await self._steps.step(name, work)
        self.entries.append([name, result])
        return result

    async def sleep(self, seconds: float) -> None:
        """Wait, or lay the run aside.

        Raises:
            Parked: it is long; whoever catches it keeps the entries.
        """
        replayed = len(self.entries) < len(self._earlier)
        if replayed and self._earlier[len(self.entries)][0] != SLEEP:
            raise RuntimeError(f"the run's journal has {self._earlier[len(self.entries)][0]!r} where it now sleeps")
        self.entries.append([SLEEP, None])
        if replayed:
            return
        if seconds >= PARKED_FROM:
            raise Parked(seconds)
        await self._steps.sleep(seconds)
