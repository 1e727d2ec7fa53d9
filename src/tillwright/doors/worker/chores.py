"""What a worker does over and over, each at its own pace, none able to stop another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tillwright.kit.clock import Clock
from tillwright.kit.errors import TillwrightError

_log = logging.getLogger(__name__)

SLOWEST = 5.0
"""Seconds; a chore that keeps failing is tried no less often than this, so it heals soon after its cause."""
QUIET = 15.0
"""Seconds between two looks while nothing happens; what happens is told, so this is only for what was missed."""
GAP = 0.05
"""Seconds from one look to the next at least, however often a chore is woken: many words are one look."""
TICK = 0.5
"""Seconds between two looks at the clock, whether somebody has moved it."""


@dataclass(frozen=True)
class Chore:
    """`do` returns how much it found to do: as long as it finds something, it is called again at once.

    When there was nothing, it pauses: `every` seconds while something happens in the house, doubled with each look that
    finds nothing, to `idle` at most. A `wake` cuts the pause short, and doubles it from `GAP`: what is told of may
    become visible a moment later. `due` is when the next thing will be there to do, so that it is not late.
    """

    name: str
    every: float
    do: Callable[[], Awaitable[int]]
    idle: float = QUIET
    due: Callable[[], Awaitable[datetime | None]] | None = None

    @property
    def longest(self) -> float:
        return max(self.every, self.idle)


def pause_after_failure(pause: float) -> float:
    """The next pause in seconds, after one of `pause`: twice as long, within bounds."""
    return min(max(pause, 0.25) * 2, SLOWEST)


class Pace:
    """When one chore looks next. Times are seconds of the loop's clock."""

    def __init__(self, chore: Chore) -> None:
        self._chore = chore
        self._woken = asyncio.Event()
        self._pause = chore.every
        self._rests_since = 0.0
        self._rest: asyncio.Timeout | None = None
        self.failed = False

    def wake(self) -> None:
        """There is something to do."""
        self._pause = min(GAP, self._chore.every)
        self._woken.set()

    def stir(self) -> None:
        """Something happened somewhere: look as often as usual for a while."""
        self._pause = min(self._pause, self._chore.every)
        if self._rest and not self.failed and not self._rest.expired():
            due = self._rests_since + self._chore.every
            if due < (self._rest.when() or due):
                self._rest.reschedule(due)

    def found(self) -> None:
        """There was something: what comes next is soon."""
        self._pause, self.failed = self._chore.every, False

    def found_nothing(self) -> float:
        """Seconds to pause."""
        pause, self.failed = self._pause, False
        self._pause = min(pause * 2, self._chore.longest)
        return pause

    def fail(self) -> float:
        """Seconds to pause."""
        self._pause, self.failed = pause_after_failure(self._pause), True
        return self._pause

    async def rest(self, seconds: float) -> None:
        self._rests_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(seconds) as self._rest:
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._rest = None
        soonest = self._rests_since + min(GAP, seconds)
        await asyncio.sleep(max(0.0, soonest - asyncio.get_running_loop().time()))
        self._woken.clear()


class Rota:
    """Runs chores until it is stopped."""

    def __init__(self, clock: Clock, chores: list[Chore]) -> None:
        self._clock = clock
        self._chores = {chore.name: chore for chore in chores}
        self._paces = {chore.name: Pace(chore) for chore in chores}
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin all chores."""
        self._tasks = [asyncio.create_task(self._keep_doing(name), name=name) for name in self._chores]
        self._tasks.append(asyncio.create_task(self._watch_the_clock(), name="clock"))

    def wake(self, *names: str) -> None:
        """Let these chores look now; a name that is none of them says nothing."""
        for name in names:
            if name in self._paces:
                self._paces[name].wake()

    def stir(self) -> None:
        """Let every chore look as often as it does while things happen."""
        for pace in self._paces.values():
            pace.stir()

    async def stop(self, grace: float) -> None:
        """Let each chore finish what it is at, for `grace` seconds at most."""
        self._stopping.set()
        self.wake(*self._paces)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                _log.warning("The chore %r did not end within %s s and is cut off.", task.get_name(), grace)
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _keep_doing(self, name: str) -> None:
        chore, pace = self._chores[name], self._paces[name]
        while not self._stopping.is_set():
            failed = pace.failed
            try:
                found = await chore.do()
            except TillwrightError as error:
                # Expected trouble, such as a database that restarts: said once, then in the background.
                _log.log(logging.DEBUG if failed else logging.WARNING, "%s: %s", name, error)
                wait = pace.fail()
            except Exception:
                # A mistake of ours in one chore must not end the others; it is logged each time, with its trace.
                _log.exception("The chore %r failed.", name)
                wait = pace.fail()
            else:
                if failed:
                    _log.warning("%s: all right again.", name)
                if found:
                    pace.found()
                    self.stir()  # what one chore does, another may wait for
                    await asyncio.sleep(0)
                    continue
                wait = await self._until_due(chore, pace.found_nothing())
            await pace.rest(wait)

    async def _until_due(self, chore: Chore, pause: float) -> float:
        try:
            due = await chore.due() if chore.due else None
        except TillwrightError:
            return pause  # the next look says what is wrong
        return pause if due is None else min(pause, max(GAP, (due - self._clock.now()).total_seconds()))

    async def _watch_the_clock(self) -> None:
        """Time that jumps, as a demo's does, is told by nobody."""
        before = self._clock.now()
        while not self._stopping.is_set():
            await asyncio.sleep(TICK)
            now = self._clock.now()
            if abs(now - before) > timedelta(seconds=TICK * 20):
                self.wake(*self._paces)
            before = now
