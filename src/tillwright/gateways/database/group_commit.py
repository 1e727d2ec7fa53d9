"""Many small writes under few commits: each caller waits for the commit that holds its own."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from tillwright.gateways.database.engine import Tx
from tillwright.kit.errors import Upstream

Item = TypeVar("Item")
Result = TypeVar("Result")


async def turn_to(tx: Tx, organisation_id: str) -> None:
    """Bind the rest of an open transaction to another organisation, so that one commit can hold several."""
    await tx.execute("select set_config('tillwright.organisation', %s, true)", (organisation_id,))


class GroupCommit(Generic[Item, Result]):
    """Gathers items while a commit is under way and writes them with the next one.

    Items are drawn in turn from their lanes, so a lane that sends thousands does not hold up one that sends a few.

    Args:
        write: commits a batch and returns, for each item in order, its result or its own error. If it raises,
            nothing was committed for certain, and each waiting caller gets that error.
        largest: items a commit.
        most_waiting: beyond it, callers are refused at once. Those whose lane has nothing waiting find as much room
            again: one that sends thousands must not fill it for all.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        largest: int = 500,
        most_waiting: int = 5000,
    ) -> None:
        self._write = write
        self._largest = largest
        self._most_waiting = most_waiting
        self._lanes: OrderedDict[str, deque[tuple[Item, asyncio.Future[Result]]]] = OrderedDict()
        self._waiting = 0
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, lane: str, item: Item) -> Result:
        """The item's result, once it is committed.

        Raises:
            Upstream: too many wait already, or the commit failed.
        """
        if self._waiting >= self._most_waiting * (1 if lane in self._lanes else 2):
            raise Upstream(
                "intake_full", "More comes in than the database can take just now.", remedy="Send it again in a moment."
            )
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._lanes.setdefault(lane, deque()).append((item, answer))
        self._waiting += 1
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """Wait until everything submitted so far is answered."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])

    async def _drain(self) -> None:
        while batch := self._draw():
            try:
                results = await self._write([item for item, _ in batch])
            except BaseException as error:
                failure = error if isinstance(error, Exception) else asyncio.CancelledError()
                for _, answer in batch:
                    _settle(answer, failure)
                if not isinstance(error, Exception):
                    raise
            else:
                for (_, answer), result in zip(batch, results, strict=True):
                    _settle(answer, result)

    def _draw(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._lanes and len(batch) < self._largest:
            lane, items = self._lanes.popitem(last=False)
            batch.append(items.popleft())
            if items:
                self._lanes[lane] = items
        self._waiting -= len(batch)
        return batch


def _settle(answer: asyncio.Future[Result], result: Result | BaseException) -> None:
    if answer.done():  # whoever asked has gone; what was written stays written
        return
    if isinstance(result, asyncio.CancelledError):
        answer.cancel()
    elif isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
