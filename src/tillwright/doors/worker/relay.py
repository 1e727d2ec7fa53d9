"""Handing the spine's events to those who react to them, each once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from tillwright.domains import events
from tillwright.domains.events import SpineEvent
from tillwright.gateways.database import Database, Tx
from tillwright.kit.turns import share, take_turns

Reaction = Callable[[Tx, SpineEvent], Awaitable[None]]
Together = Callable[[Tx, str, Sequence[SpineEvent]], Awaitable[object]]


class Relay:
    """Reads for one consumer over all organisations; any number of processes may do so at the same time.

    Args:
        react: takes one event.
        together: takes an organisation's next events at once, instead.
    """

    def __init__(
        self,
        database: Database,
        consumer: str,
        react: Reaction | None = None,
        *,
        together: Together | None = None,
        batch: int = 200,
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._react = react
        self._together = together
        self._batch = batch

    async def step(self) -> int:
        """One batch for each organisation that has something, so that a loud one makes no quiet one wait."""
        organisations = await events.behind(self._database, self._consumer)
        limit = share(self._batch, len(organisations))
        return await take_turns(organisations, lambda each: self._hand_on(each, limit))

    async def _hand_on(self, organisation_id: str, limit: int) -> int:
        if self._together:
            return await events.hand_on_together(
                self._database, organisation_id, self._consumer, self._together, limit=limit
            )
        assert self._react is not None, "a relay reacts in one way or the other"
        return await events.hand_on(self._database, organisation_id, self._consumer, self._react, limit=limit)
