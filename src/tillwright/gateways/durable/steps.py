"""The ports between what a run does and what makes it survive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

Json = Any
"""What JSON can say: it is what a checkpoint keeps."""


class Steps(Protocol):
    """What a run is given: each step's result is kept, so that a run taken up again skips what it has done.

    A run must ask for the same steps in the same order when it is taken up again: it may decide only by its input and
    by what its steps gave.
    """

    async def step(self, name: str, work: Callable[[], Awaitable[Json]]) -> Json:
        """Do the work and keep its result, or give the kept one.

        The work is done at least once: a process that dies between doing and keeping does it again.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a run taken up again waits only for the rest."""
        ...


Runner = Callable[[Steps, Mapping[str, Json]], Awaitable[str]]
"""What executes one run from its input; returns the state it ended in."""


class RunQueue(Protocol):
    """Where runs are handed over to be executed."""

    async def enqueue(self, run_id: str, payload: Mapping[str, Json]) -> None:
        """Hand a run over; the same id again changes nothing. It is in safe hands once this returns."""
        ...
