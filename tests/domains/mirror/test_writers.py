"""Several commits at once: a list is under one of them at a time, and nobody waits behind what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tillwright.domains.mirror.backfill.writers import Writers


class Table:
    """Says which lists are under way beside each other; ends commits when it is let."""

    def __init__(self) -> None:
        self.under_way: list[set[str]] = []
        self.batches: list[Sequence[str]] = []
        self.most = 0
        self.go = asyncio.Event()

    async def write(self, batch: Sequence[str]) -> Sequence[str]:
        lists = {item[0] for item in batch}
        assert not any(lists & others for others in self.under_way), "a list under two commits"
        self.under_way.append(lists)
        self.batches.append(batch)
        self.most = max(self.most, len(self.under_way))
        try:
            await self.go.wait()
            await asyncio.sleep(0)
            if "bad" in batch[0]:
                raise ValueError(batch[0])
            return [item.upper() for item in batch]
        finally:
            self.under_way.remove(lists)


async def test_lists_are_written_beside_each_other_and_each_by_one_at_a_time() -> None:
    table = Table()
    writers: Writers[str, str] = Writers(table.write, number=3, largest=4)
    items = [f"{name}{number}" for name in "abcdefg" for number in range(9)]
    waiting = [asyncio.create_task(writers.submit(item[0], item)) for item in items]
    await asyncio.sleep(0.01)
    assert [len(batch) for batch in table.batches] == [1, 1, 1], "the first at once, the others gather"
    table.go.set()
    assert await asyncio.gather(*waiting) == [item.upper() for item in items], "each its own answer"
    assert table.most == 3
    assert [item for batch in table.batches for item in batch if item[0] == "c"] == [f"c{n}" for n in range(9)]
    assert max(map(len, table.batches)) == 4


async def test_after_a_failure_the_list_is_anybodys() -> None:
    table = Table()
    table.go.set()
    writers: Writers[str, str] = Writers(table.write, number=2, largest=4)
    with pytest.raises(ValueError, match="a bad"):
        await writers.submit("a", "a bad page")
    assert await asyncio.gather(writers.submit("a", "a2"), writers.submit("b", "b1")) == ["A2", "B1"]
    left = asyncio.create_task(writers.submit("a", "a3"))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert await writers.submit("a", "a4") == "A4", "whoever goes away holds nothing"
