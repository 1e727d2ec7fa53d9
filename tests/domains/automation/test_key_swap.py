"""The key is swapped under runs in flight, in every way: each write once, none on another account or mode."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.domains.automation.stage import Stage
from tillwright.domains import events
from tillwright.domains.automation import RunState
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.integrations.exchange import OVERLAP
from tillwright.kit.errors import Conflict, Upstream
from tillwright.kit.seal import Secret
from tillwright_sandbox.keys import Key, normalise
from tillwright_sandbox.world import LIMITED

SWAPS = int(os.environ.get("TRIAL_SWAPS", "1"))
"""Of each kind."""
RUNS = int(os.environ.get("TRIAL_RUNS", "6"))
"""In flight at each; half of them are executed while the key is swapped, half wait for their time."""
SEED = int(os.environ.get("TRIAL_SEED", "7"))
EVENT = "trial:thing:happened"
SOURCE = f"""
name: swapped
trigger: {{event: '{EVENT}'}}
steps:
  - {{id: coupon, action: create_coupon, with: {{percent_off: 10}}}}
  - {{id: nap, wait: {{for: 1h}}}}
  - {{id: customer, action: create_customer, with: {{name: Ada}}}}
"""
PATHS = ("/v1/coupons", "/v1/customers")


class Swapping:
    """Runs of one organisation on the account it was connected to first, in test mode."""

    def __init__(self, stage: Stage, dice: random.Random) -> None:
        self.stage, self.house, self.dice = stage, stage.house, dice
        self.world = stage.sandbox.world
        self.key = self.world.keys.named(stage.sandbox.restricted_key)

    async def begin(self, runs: int) -> list[str]:
        begun: list[str] = []
        for number in range(runs):
            async with self.house.database.tenant(self.stage.principal.organisation_id) as tx:
                data = {"n": number}
                await events.record(tx, self.stage.principal.organisation_id, EVENT, data, self.stage.clock.now())
        while len(begun) < runs:
            begun += await self.stage.relay()
        return begun

    async def go_on(self, runs: list[str]) -> Counter[str]:
        """Let their time come, and take up again what failed; how all stand then."""
        stage = self.stage
        stage.clock.move(3600)
        await stage.automation.hand_over(stage.queue)
        ends = Counter[str]()
        for run_id in runs:
            run = (await stage.automation.timeline(stage.principal, run_id)).run
            if run.state in (RunState.FAILED, RunState.CANCELLED):
                await stage.automation.steering.retry(stage.principal, run_id)
                await stage.automation.hand_over(stage.queue)
            if run.state is not RunState.DONE:
                ends[await stage.segment(run_id)] += 1
            else:
                ends[RunState.DONE] += 1
        return ends

    def fresh_key(self) -> Key:
        return self.world.keys.create(self.stage.sandbox.account, False, None)

    async def rotate(self, secret: str, publishable: str | None = None) -> None:
        """As a person does, who tries again where the rate budget is used up before every right is proven."""
        for _ in range(5):
            now = await self.house.integrations.get(self.stage.principal)
            with contextlib.suppress(Upstream):
                await self.house.rotation.rotate(
                    self.stage.principal, expected_version=now.version, publishable_key=publishable,
                    secret_key=Secret(secret),
                )  # fmt: skip
                return
            await asyncio.sleep(1)
        raise AssertionError("the key could not be rotated")

    async def switch(self, word: str, mode: str) -> None:
        """To the other mode, of the same or of another account."""
        now = await self.house.integrations.get(self.stage.principal)
        await self.house.environments.switch(
            self.stage.principal, expected_version=now.version, publishable_key=f"pk_{mode}_sandbox_{word}",
            secret_key=Secret(f"rk_{mode}_sandbox_{word}"),
        )  # fmt: skip

    async def renew(self) -> None:
        """The key is dead, and a person enters a new one."""
        key = self.fresh_key()
        await self.rotate(key.secret)
        self.key = key

    # Each swap happens while runs are executed; what it gives back is done before they are taken up again.

    async def rolled(self) -> Callable[[], Awaitable[None]]:
        old = self.key
        await self.renew()
        old.status = "expired"
        return _nothing

    async def expired(self) -> Callable[[], Awaitable[None]]:
        self.key.status = "expired"
        return self.renew

    async def revoked(self) -> Callable[[], Awaitable[None]]:
        self.key.status = "revoked"
        return self.renew

    async def fewer_permissions(self) -> Callable[[], Awaitable[None]]:
        rights, self.key.rights = self.key.rights, normalise(LIMITED)

        async def given_back() -> None:
            self.key.rights = rights

        return given_back

    async def test_to_live(self) -> Callable[[], Awaitable[None]]:
        await self.switch("northwind", "live")

        async def back() -> None:
            self.stage.clock.move(OVERLAP.total_seconds())
            await self.switch("northwind", "test")

        return back

    async def other_account(self) -> Callable[[], Awaitable[None]]:
        """A key of another account is refused, and so a person goes there in two steps."""
        with pytest.raises(Conflict):
            await self.rotate("rk_test_sandbox_acme", "pk_test_sandbox_acme")
        await self.switch("acme", "live")
        await self.switch("acme", "test")

        async def back() -> None:
            await self.switch("northwind", "live")
            await self.switch("northwind", "test")

        return back


async def _nothing() -> None:
    return None


KINDS = ("rolled", "expired", "revoked", "fewer_permissions", "test_to_live", "other_account")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_swapped_in_flight(stage: Stage, kind: str) -> None:
    dice, ledger = random.Random(f"{SEED}:{kind}"), stage.sandbox.world.ledger
    swapping, seen = Swapping(stage, dice), Counter[str]()
    await stage.house.verification.verify(stage.principal)
    await stage.automation.save(stage.principal, SOURCE, activate=True)
    for number in range(SWAPS):
        ledger.lines.clear()
        waiting = await swapping.begin(RUNS // 2)
        for run_id in waiting:
            assert await stage.segment(run_id) == PARKED
        running = await swapping.begin(RUNS - RUNS // 2)
        going = [asyncio.create_task(stage.segment(run_id)) for run_id in running]
        await asyncio.sleep(dice.random() * 0.05)
        mend = await getattr(swapping, kind)()
        await asyncio.gather(*going)
        runs = [*waiting, *running]
        if kind in ("rolled", "test_to_live"):
            assert await swapping.go_on(runs) == {RunState.DONE: RUNS}, "what is under way keeps the key it began with"
        else:
            seen += await swapping.go_on(runs)
        await mend()
        ends = await swapping.go_on(runs)
        for _ in range(2):  # what Stripe asked to wait for, it asked within its first hour
            ends = ends if ends == {RunState.DONE: RUNS} else await swapping.go_on(runs)
        assert ends == {RunState.DONE: RUNS}, (SEED, kind, number, ends)
        writes = [line for line in ledger.writes if line.path in PATHS]
        assert {(line.account, line.livemode) for line in writes} == {(stage.sandbox.account, False)}, (SEED, number)
        assert Counter(line.path for line in writes) == dict.fromkeys(PATHS, RUNS), (SEED, number)
        assert len({line.idempotency_key for line in writes}) == 2 * RUNS
    print(f"seed {SEED}: {kind}, {SWAPS} times with {RUNS} runs in flight; before it was mended {dict(seen)}")
