"""A request that is cancelled at any await leaves no connection behind that has lost its transaction."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any

import psycopg.waiting
import pytest

from tillwright.gateways.database import Database


@types.coroutine
def cancelled_at(work: Coroutine[Any, Any, None], number: int) -> Generator[Any, Any, None]:
    """Run the work, cancelling the task at its so-many-th await."""
    step: Any = partial(work.send, None)
    seen = 0
    while True:
        try:
            waiting = step()
        except StopIteration:
            return
        seen += 1
        if seen == number:
            task = asyncio.current_task()
            assert task
            task.cancel()
        try:
            yield waiting
        except BaseException as error:
            step = partial(work.throw, error)
        else:
            step = partial(work.send, None)


async def test_a_cancelled_transaction_spoils_no_connection(
    database: Database, organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.waiting, "MAX_BUSY_TIME", 0)  # as on a busy event loop: every wait is a real one

    async def work() -> None:
        async with database.tenant(organisation) as tx:
            await tx.execute("select 1")

    async def run(number: int) -> None:
        await cancelled_at(work(), number)

    for number in range(1, 40):
        await asyncio.gather(asyncio.create_task(run(number)), return_exceptions=True)
        for _ in range(2):
            async with database.tenant(organisation) as tx:
                row = await (
                    await tx.execute("select current_setting('tillwright.organisation', true) as now")
                ).fetchone()
            assert row == {"now": organisation}, f"lost after a cancel at await {number}"
