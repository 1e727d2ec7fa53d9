"""Several effects in one step: each under a name of its own, a few at a time, gone on with after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from tillwright.domains.automation.errand import Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import Outcome, outcome
from tillwright.domains.automation.requests import StripeWrite
from tillwright.domains.billing import EffectResult

AT_ONCE = 6
"""How many are under way at a time: enough for Stripe's rate, few enough for the database's connections."""
TRIES, PAUSE = 5, 2.0
"""How often one is performed in a row while Stripe asks to wait, and the seconds between."""

T = TypeVar("T")


async def perform(parts: Parts, errand: Errand, name: str, write: StripeWrite, attempt: int = 1) -> EffectResult:
    """One effect of the step, under `step#name`; performed again for a while if it has to wait.

    A step that is meant anew means anew what Stripe, or a person, said no to; what is done stays done.
    """
    while attempt < errand.attempt:
        before = await parts.effects.recorded(errand.organisation_id, errand.run_id, f"{errand.step}#{name}", attempt)
        if before is None or before.state != "REFUSED":
            break
        attempt += 1
    for number in range(1, TRIES + 1):
        done = await parts.effects.perform(
            errand.organisation_id,
            run_id=errand.run_id,
            step=f"{errand.step}#{name}",
            attempt=attempt,
            method=write.method,
            path=write.path,
            params=write.params,
            livemode=errand.livemode,
            account_id=errand.account_id,
            may_send=parts.may_send(errand),
        )
        if done.state in ("DONE", "REFUSED") or number == TRIES:
            break
        await parts.clock.sleep(PAUSE)
    return done  # pyright: ignore[reportPossiblyUnboundVariable] - it is performed at least once


async def all_of(work: Callable[[T], Awaitable[EffectResult]], items: Iterable[T]) -> EffectResult | None:
    """Do the work for every item, `AT_ONCE` at a time; stops at the first that does not end well, and gives it back.

    An error ends the others too, so that nothing goes on behind the caller's back: to be cut off is no worse for an
    effect than a crash.
    """
    waiting = iter(items)
    bad: list[EffectResult] = []

    async def worker() -> None:
        for item in waiting:
            done = await work(item)
            if done.state != "DONE":
                bad.append(done)
            if bad:
                return

    tasks = [asyncio.create_task(worker()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return bad[0] if bad else None


def not_done(result: EffectResult, done: int) -> Outcome:
    """The step's outcome when one of its effects did not end well; what was done stays done."""
    state = StepState.WAITING if result.state == "PENDING" else StepState(result.state)
    return outcome(state, {"count": done}, result.error)
