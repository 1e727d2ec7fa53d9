"""Handing the spine's events to those who react to them, each once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tillwright.domains import events
from tillwright.domains.events import SpineEvent
from tillwright.gateways.database import Database, Tx

Reaction = Callable[[Tx, SpineEvent], Awaitable[None]]


class Relay:
    """Reads for one consumer over all organisations; any number of processes may do so at the same time."""

    def __init__(self, database: Database, consumer: str, react: Reaction, *, batch: int = 200) -> None:
        self._database = database
        self._consumer = consumer
        self._react = react
        self._batch = batch

    async def step(self) -> int:
        """One batch for each organisation that has something, so that a loud one makes no quiet one wait."""
        handed = 0
        for organisation_id in await events.behind(self._database, self._consumer):
            handed += await events.hand_on(
                self._database, organisation_id, self._consumer, self._react, limit=self._batch
            )
        return handed
