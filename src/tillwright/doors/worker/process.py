"""The worker process: starts the durable engine, keeps its chores going, and ends cleanly on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from tillwright.domains.automation import Automation
from tillwright.domains.billing import Effects
from tillwright.domains.notifications import Notifications
from tillwright.doors.worker.chores import Chore, Rota
from tillwright.doors.worker.relay import Reaction, Relay
from tillwright.doors.worker.upkeep import Upkeep
from tillwright.gateways.database import Database
from tillwright.gateways.durable import Json
from tillwright.gateways.durable.engine import Engine
from tillwright.gateways.durable.presence import Presence
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Upstream

GRACE = 3.0
"""Seconds that chores, and then runs, in hand are given when the worker is asked to stop."""
FENCED = 75
"""Exit code of a worker that was declared dead by the others: start it again."""

_log = logging.getLogger(__name__)


class Here:
    """Runs are handed over to be executed by this very process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def enqueue(self, run_id: str, payload: Mapping[str, Json]) -> None:
        await self._engine.begin(run_id, payload)


class Worker:
    """One worker; a process has one at most, because the engine is its only one.

    Args:
        reactions: who else reads the spine: the consumer's name, and what it does with each event.
        more: chores of other rooms, such as applying events and filling the mirror.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        automation: Automation,
        effects: Effects,
        notifications: Notifications,
        reactions: Sequence[tuple[str, Reaction]] = (),
        more: Sequence[Chore] = (),
    ) -> None:
        self.id = ids.new("worker")
        self.fenced = False
        self._database = database
        self._automation = automation
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._engine = Engine(database.owner_url, worker_id=self.id, on_room=self._on_room)
        self._presence = Presence(database.owner_url, self.id, on_fenced=self._on_fenced, on_silence=self._on_silence)
        self._here = Here(self._engine)
        self._spine = Relay(database, "automation", together=automation.match_events)
        self._readers = [(f"relay to {name}", Relay(database, name, react)) for name, react in reactions]
        upkeep = Upkeep(clock=clock, database=database, engine=self._engine, automation=automation, effects=effects)
        self._rota = Rota(
            clock,
            [
                Chore("relay", 0.5, self._relay),
                Chore("hand over", 0.5, self._hand_over, due=automation.steering.next_wake),
                Chore("schedules", 1.0, automation.steering.tick, due=automation.steering.next_tick),
                Chore("mail", 1.0, notifications.deliver_due),
                Chore("janitor", 5.0, upkeep.janitor),  # and at once, when somebody falls silent
                Chore("strays", 30.0, upkeep.strays),
                Chore("doubts", 60.0, upkeep.doubts),
                Chore("forget", 600.0, upkeep.forget),
                *(Chore(name, 0.5, reader.step) for name, reader in self._readers),
                *more,
            ],
        )

    async def _relay(self) -> int:
        handed = await self._spine.step()
        if handed:
            self._rota.wake("hand over")
        return handed

    async def _hand_over(self) -> int:
        room = self._engine.room
        return await self._automation.hand_over(self._here, limit=room) if room else 0

    def stop(self) -> None:
        """Ask the worker to end."""
        self._stop.set()

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Work until `stop`; `ready` is called once everything goes.

        Raises:
            Upstream: the database cannot be reached at the start.
        """
        async with self._running():
            ready()
            listener = asyncio.create_task(self._listen())
            await self._stop.wait()
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        await asyncio.to_thread(self._presence.start)
        try:
            await self._engine.start(self._automation.execute)
            try:
                self._rota.start()
                yield
            finally:
                await self._rota.stop(GRACE)
                await self._engine.stop(0 if self.fenced else GRACE)
        finally:
            await asyncio.to_thread(self._presence.stop)

    async def _listen(self) -> None:
        """Look as soon as something is said to be there; the chores' own pace is what can be relied on."""
        while True:
            try:
                async for word in self._database.listen("spine"):
                    self._rota.wake(word) if word else self._rota.wake("relay", *(name for name, _ in self._readers))
                    self._rota.stir()
            except Exception as error:
                # Whatever it was, listening is a convenience: try again after a while.
                _log.debug("Listening to the spine ended: %s", error)
            await asyncio.sleep(2.0)

    def _on_room(self) -> None:
        """A run is over: its lane's next one, or its organisation's, may be due."""
        self._rota.wake("hand over")

    def _on_silence(self) -> None:
        self._loop.call_soon_threadsafe(self._rota.wake, "janitor")

    def _on_fenced(self) -> None:
        _log.error("Worker %s was silent too long: the others have taken over its runs, so it stops.", self.id)
        self.fenced = True
        self._loop.call_soon_threadsafe(self._stop.set)


async def work(worker: Worker, ready: Callable[[], None] = lambda: None) -> int:
    """Run a worker until SIGTERM or SIGINT; returns the process's exit code."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run(ready)
    except Upstream as error:
        _log.error("%s", error)
        return 1
    return FENCED if worker.fenced else 0
