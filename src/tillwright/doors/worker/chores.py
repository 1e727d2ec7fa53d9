"""What a worker does over and over, each at its own pace, none able to stop another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tillwright.kit.clock import Clock
from tillwright.kit.errors import TillwrightError

_log = logging.getLogger(__name__)

SLOWEST = 5.0
"""Seconds; a chore that keeps failing is tried no less often than this, so it heals soon after its cause."""


@dataclass(frozen=True)
class Chore:
    """`do` returns how much it found to do: as long as it finds something, it is called again at once.

    `every` is the pause in seconds when there was nothing; a `wake` cuts it short.
    """

    name: str
    every: float
    do: Callable[[], Awaitable[int]]


def pause_after_failure(pause: float) -> float:
    """The next pause in seconds, after one of `pause`: twice as long, within bounds."""
    return min(max(pause, 0.25) * 2, SLOWEST)


class Rota:
    """Runs chores until it is stopped."""

    def __init__(self, clock: Clock, chores: list[Chore]) -> None:
        self._clock = clock
        self._chores = chores
        self._stopping = asyncio.Event()
        self._wakes = {chore.name: asyncio.Event() for chore in chores}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin all chores."""
        self._tasks = [asyncio.create_task(self._keep_doing(chore), name=chore.name) for chore in self._chores]

    def wake(self, *names: str) -> None:
        """Let these chores look now; all of them if none is named."""
        for name in names or self._wakes:
            self._wakes[name].set()

    async def stop(self, grace: float) -> None:
        """Let each chore finish what it is at, for `grace` seconds at most."""
        self._stopping.set()
        self.wake()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                _log.warning("The chore %r did not end within %s s and is cut off.", task.get_name(), grace)
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _keep_doing(self, chore: Chore) -> None:
        wait, failed = chore.every, False
        while not self._stopping.is_set():
            try:
                found = await chore.do()
            except TillwrightError as error:
                # Expected trouble, such as a database that restarts: said once, then in the background.
                _log.log(logging.DEBUG if failed else logging.WARNING, "%s: %s", chore.name, error)
                wait, failed = pause_after_failure(wait), True
            except Exception:
                # A mistake of ours in one chore must not end the others; it is logged each time, with its trace.
                _log.exception("The chore %r failed.", chore.name)
                wait, failed = pause_after_failure(wait), True
            else:
                if failed:
                    _log.warning("%s: all right again.", chore.name)
                wait, failed = chore.every, False
                if found:
                    await asyncio.sleep(0)
                    continue
            await self._pause(chore, wait)

    async def _pause(self, chore: Chore, seconds: float) -> None:
        wake = self._wakes[chore.name]
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return
        wake.clear()
