"""Commits of pages beside each other: while the database merges one, the next is made ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Writers(Generic[Item, Result]):
    """Gathers items while commits are under way; a list is under one commit at a time, for there it holds a lock.

    Small commits keep the lists apart: one that held pages of every list would leave the others nothing to write.

    Args:
        write: commits a batch and returns each item's result, in order. If it raises, nothing was committed for
            certain, and each waiting caller gets that error.
        number: commits at the same time, at most.
        largest: items a commit.
    """

    def __init__(
        self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, number: int, largest: int
    ) -> None:
        self._write = write
        self._number, self._largest = number, largest
        self._waiting: list[tuple[Hashable, Item, asyncio.Future[Result]]] = []
        self._held: set[Hashable] = set()
        self._commits: set[asyncio.Task[None]] = set()

    async def submit(self, of: Hashable, item: Item) -> Result:
        """The item's result, once it is committed; `of` is the list that it is of."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((of, item, answer))
        self._begin()
        return await answer

    def _begin(self) -> None:
        while len(self._commits) < self._number:
            free = [each for each in self._waiting if each[0] not in self._held][: self._largest]
            if not free:
                return
            lists = {of for of, _, _ in free}
            self._held |= lists
            taken = set(map(id, free))
            self._waiting = [each for each in self._waiting if id(each) not in taken]
            task = asyncio.create_task(self._commit(free))
            self._commits.add(task)
            task.add_done_callback(lambda task, lists=lists: self._ended(task, lists))

    async def _commit(self, batch: Sequence[tuple[Hashable, Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._write([item for _, item, _ in batch])
        except Exception as error:
            for _, _, answer in batch:
                if not answer.done():  # whoever asked may have gone
                    answer.set_exception(error)
        except BaseException:
            for _, _, answer in batch:
                answer.cancel()
            raise
        else:
            for (_, _, answer), result in zip(batch, results, strict=True):
                if not answer.done():
                    answer.set_result(result)

    def _ended(self, task: asyncio.Task[None], lists: set[Hashable]) -> None:
        self._commits.discard(task)
        self._held -= lists
        self._begin()
