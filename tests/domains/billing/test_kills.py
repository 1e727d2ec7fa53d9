"""Killed at every single await of a performance, an effect still takes place exactly once."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any

import pytest

from tests.domains.connected import Rooms
from tillwright.domains.billing import EffectResult, Effects
from tillwright.domains.integrations import Credentials, Integrations
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.gateways.stripe.retry import RetryPolicy
from tillwright.kit.seal import Seal, Secret

MOST_AWAITS = 400


@types.coroutine
def killed_at(work: Coroutine[Any, Any, Any], number: int) -> Generator[Any, None, Any]:
    """Runs `work` until its await of that number, where it dies; the result if it ends before."""
    step = partial(work.send, None)
    seen = 0
    while True:
        try:
            waiting = step()
        except StopIteration as end:
            return end.value
        seen += 1
        if seen == number:
            # As a task that is cancelled does it: else the loop goes on watching a socket that is no more.
            if isinstance(waiting, asyncio.Future):
                waiting.cancel()
            step = partial(work.throw, asyncio.CancelledError())
            continue
        try:
            yield waiting
        except BaseException as error:
            step = partial(work.throw, error)
        else:
            step = partial(work.send, None)


async def as_process(work: Coroutine[Any, Any, Any], number: int) -> Any:
    """A task of its own, so that nothing of the dying one's state reaches the test."""
    return await killed_at(work, number)


class Process:
    """What one process of ours builds for itself, connections included; it all dies with it."""

    def __init__(self, rooms: Rooms, seal: Seal, url: Secret | None = None) -> None:
        options = {"limits": NoLimits(), "clock": rooms.clock, "policy": RetryPolicy(tries=3)}
        self.reader = LiveReader(rooms.sandbox.url, **options)
        self.writer = LiveWriter(rooms.sandbox.url, **options)
        self.database = Database(url or rooms.database.owner_url, size=2)
        ports = {"database": self.database, "clock": rooms.clock, "reader": self.reader, "writer": self.writer}
        self.effects = Effects(integrations=Integrations(credentials=Credentials(seal), **ports), **ports)
        self.organisation = rooms.principal.organisation_id

    async def start(self) -> Process:
        await self.database.start()
        return self

    async def perform(self, run_id: str) -> EffectResult:
        return await self.effects.perform(
            self.organisation,
            run_id=run_id,
            step="coupon",
            method="POST",
            path="/v1/coupons",
            params={"percent_off": 20, "duration": "once"},
            livemode=False,
        )

    async def stop(self) -> None:
        await self.reader.close()
        await self.writer.close()
        await self.database.stop()


async def perform(rooms: Rooms, seal: Seal, run_id: str) -> EffectResult:
    process = await Process(rooms, seal).start()
    result = await process.perform(run_id)
    await process.stop()
    return result


async def settle(rooms: Rooms, seal: Seal, run_id: str) -> EffectResult:
    """Performs again until it is settled, as a durable engine would."""
    for _ in range(5):
        result = await perform(rooms, seal, run_id)
        if result.state in ("DONE", "REFUSED"):
            return result
    raise AssertionError(f"not settled: {result}")


def marked(rooms: Rooms, effect_id: str) -> int:
    made = rooms.sandbox.objects.find("coupon")
    return sum(coupon["metadata"].get("tillwright_operation") == effect_id for coupon in made)


async def kill_at_every_await(rooms: Rooms, seal: Seal, prepare: Any, forget_keys: bool) -> tuple[int, set[str]]:
    """(number of awaits, the states kills left behind)."""
    left: set[str] = set()
    for number in range(1, MOST_AWAITS):
        run_id = f"run_{forget_keys}_{number}"
        rooms.sandbox.world.ledger.lines.clear()
        await prepare(run_id)
        process = await Process(rooms, seal).start()
        dead = True
        try:
            await asyncio.create_task(as_process(process.perform(run_id), number))
            dead = False
        except asyncio.CancelledError:
            pass
        await process.stop()
        rows = await rooms.rows(f"select state, sends from effects where run_id = '{run_id}'")
        left |= {f"{row['state']} after {min(row['sends'], 2)}" for row in rows} or {"nothing"}
        if forget_keys:
            await asyncio.sleep(0.01)
            rooms.clock.move(24 * 3600)
            rooms.sandbox.world.clock.advance(24 * 3600)  # one time for both: what was made is looked for by its time
            rooms.sandbox.world.idempotency.expire()
        result = await settle(rooms, seal, run_id)
        assert result.state == "DONE", (number, result)
        assert marked(rooms, result.effect_id) == 1, f"killed at await {number}"
        assert rooms.writes == 1, f"killed at await {number}"
        if not dead:
            return number - 1, left
    raise AssertionError("it never ended")


@pytest.mark.parametrize("forget_keys", [False, True], ids=["restarted at once", "restarted a day later"])
async def test_a_kill_at_any_await_neither_doubles_nor_loses_an_effect(
    rooms: Rooms, seal: Seal, forget_keys: bool
) -> None:
    await rooms.connect(secret=rooms.sandbox.secret_key)

    async def nothing(run_id: str) -> None:
        return None

    awaits, left = await kill_at_every_await(rooms, seal, nothing, forget_keys)
    assert awaits > 15, "the kills went through the whole performance"
    assert {"nothing", "PENDING after 1", "DONE after 1"} <= left, left


async def test_a_kill_while_an_earlier_outcome_is_unknown(rooms: Rooms, seal: Seal) -> None:
    """The second performance, which finds the lost answer, is killed at every await as well."""
    await rooms.connect(secret=rooms.sandbox.secret_key)

    async def lose_an_answer(run_id: str) -> None:
        rooms.sandbox.world.faults.clear()
        rooms.sandbox.world.faults.add(kind="reset", path="/v1/coupons", method="POST", effect="done", times=3)
        assert (await perform(rooms, seal, run_id)).state == "UNKNOWN"

    awaits, left = await kill_at_every_await(rooms, seal, lose_an_answer, False)
    assert awaits > 15
    assert "UNKNOWN after 2" in left, left
