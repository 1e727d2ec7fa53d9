"""Several items of one run at the same time, in rounds that a run taken up again finds in the same order.

Each item goes until it asks for a step. When all of them have asked, the steps are taken together and kept as one;
so what a crash repeats is at most one round, and the order of answers never depends on who was quicker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tillwright.domains.automation.journal import RunSteps

T = TypeVar("T")


@dataclass
class _Ask:
    work: Callable[[], Awaitable[Any]] | None
    """None: it sleeps."""
    seconds: float
    answer: asyncio.Future[Any]


class _Lane:
    """The steps of one item."""

    def __init__(self, rounds: _Rounds[Any], index: int) -> None:
        self._rounds = rounds
        self._index = index

    async def step(self, name: str, work: Callable[[], Awaitable[Any]], *, keeps: bool = False) -> Any:
        del name, keeps  # a round is kept as one, under a name of its own
        return await self._rounds.ask(self._index, work, 0.0)

    async def sleep(self, seconds: float) -> None:
        await self._rounds.ask(self._index, None, seconds)


async def together(
    steps: RunSteps, name: str, count: int, at_once: int, each: Callable[[RunSteps, int], Awaitable[T | None]]
) -> T | None:
    """Do `count` items, `at_once` of them at a time; the first that gives something ends it, and that is given back."""
    rounds = _Rounds[T](steps, name)
    try:
        return await rounds.run(iter(range(count)), at_once, each)
    finally:
        await rounds.close()


class _Rounds(Generic[T]):
    def __init__(self, steps: RunSteps, name: str) -> None:
        self._steps = steps
        self._name = name
        self._number = 0
        self._items: dict[int, asyncio.Task[T | None]] = {}
        self._asks: dict[int, _Ask] = {}
        self._moved = asyncio.Event()

    async def ask(self, index: int, work: Callable[[], Awaitable[Any]] | None, seconds: float) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asks[index] = _Ask(work, seconds, answer)
        self._moved.set()
        return await answer

    async def run(
        self, left: Iterator[int], at_once: int, each: Callable[[RunSteps, int], Awaitable[T | None]]
    ) -> T | None:
        while True:
            while len(self._items) < at_once and (index := next(left, None)) is not None:
                self._begin(index, each)
            if not self._items:
                return None
            await self._all_asked()
            over = sorted(index for index, item in self._items.items() if item.done())
            for index in over:
                if (given := self._items.pop(index).result()) is not None:
                    return given
            if not over:
                await self._round()

    def _begin(self, index: int, each: Callable[[RunSteps, int], Awaitable[T | None]]) -> None:
        async def item() -> T | None:
            return await each(_Lane(self, index), index)

        task = asyncio.create_task(item())
        task.add_done_callback(lambda _: self._moved.set())
        self._items[index] = task

    async def _all_asked(self) -> None:
        while any(not item.done() and index not in self._asks for index, item in self._items.items()):
            self._moved.clear()
            await self._moved.wait()

    async def _round(self) -> None:
        works = {index: ask.work for index, ask in sorted(self._asks.items()) if ask.work}
        if works:
            self._number += 1
            answers = await self._steps.step(f"{self._name} round {self._number}", lambda: _all_of(works))
            for index, answer in answers:
                self._asks.pop(index).answer.set_result(answer)
            return
        nap = min(ask.seconds for ask in self._asks.values())
        await self._steps.sleep(nap)
        for index, ask in sorted(self._asks.items()):
            ask.seconds -= nap
            if ask.seconds <= 0:
                self._asks.pop(index).answer.set_result(None)

    async def close(self) -> None:
        for item in self._items.values():
            item.cancel()
        await asyncio.gather(*self._items.values(), return_exceptions=True)


async def _all_of(works: Mapping[int, Callable[[], Awaitable[Any]]]) -> list[list[Any]]:
    """[index, answer] of each; if one raises, the others are stopped before it is raised on."""
    tasks = {index: asyncio.ensure_future(work()) for index, work in works.items()}
    try:
        await asyncio.gather(*tasks.values())
    except BaseException:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        raise
    return [[index, task.result()] for index, task in tasks.items()]
