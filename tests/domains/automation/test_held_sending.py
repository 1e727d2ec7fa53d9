"""A write that waits for its turn in the rate budget is not sent any more once somebody stops, pauses or cancels."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_safety import CREDIT, HEAD, begin, credits
from tillwright.domains.automation import RunState
from tillwright.domains.automation.interpreter import PARKED
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveWriter
from tillwright.gateways.stripe.reader import Lane


class Turnstile(NoLimits):
    """A rate budget that is used up until somebody opens."""

    def __init__(self) -> None:
        self.waiting, self.opened = asyncio.Event(), asyncio.Event()

    async def take(self, access: Access, method: str, path: str, *, lane: Lane, patience: float) -> bool:
        self.waiting.set()
        await self.opened.wait()
        return True


def let_wait(stage: Stage) -> tuple[Turnstile, LiveWriter]:
    """Let the next write wait for the rate budget, which is used up."""
    turnstile, house = Turnstile(), stage.house
    writer = LiveWriter(house.settings.stripe.api_base, limits=turnstile, clock=house.clock)
    sending: Any = house.effects._writer
    sending._writer = writer
    return turnstile, writer


async def test_nothing_is_sent_after_a_stop_a_pause_or_a_cancellation(stage: Stage) -> None:
    automation, principal = stage.automation, stage.principal
    workflow = await automation.save(principal, HEAD + CREDIT, activate=True)
    given = 0
    for how in ("stop", "pause", "cancel"):
        before = len(stage.sandbox.world.ledger.writes)
        (run_id,) = await begin(stage, 1)
        turnstile, writer = let_wait(stage)
        going = asyncio.create_task(stage.segment(run_id))
        await turnstile.waiting.wait()
        if how == "stop":
            await automation.stop_switch.stop(principal)
        elif how == "pause":
            await automation.pause(principal, workflow.id)
        else:
            await automation.steering.cancel(principal, run_id)
        turnstile.opened.set()
        assert await going == (RunState.CANCELLED if how == "cancel" else PARKED)
        await writer.close()
        assert len(stage.sandbox.world.ledger.writes) == before
        run = (await automation.timeline(principal, run_id)).run
        if how == "stop":
            assert run.waits_for == "stop_switch"
            await automation.stop_switch.release(principal)
        elif how == "pause":
            assert run.waits_for == "workflow_paused"
            await automation.activate(principal, workflow.id)
        else:
            await automation.steering.retry(principal, run_id)
        stage.house.effects._writer._writer = stage.house.writer  # type: ignore[attr-defined]
        await automation.hand_over(stage.queue)
        assert await stage.segment(run_id) == RunState.DONE
        given += 700
        assert credits(stage) == given
