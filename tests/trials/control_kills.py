"""`kill -9` of two workers under runs that loop, wait, branch, call and ask: every run ends, each write once.

`python -m tests.trials.control_kills [KILLS]`. Runs are begun and approved while workers die, one at a time or both at
once; SEED=… repeats the moments.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.journeys.plant import Plant, plant
from tillwright.domains.automation.model import ApprovalState
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.seal import Secret
from tillwright.wiring import House, bring_up_to_date, open_house

IN_FLIGHT = 8
WRITES = 6
"""Of one run, that of the workflow it calls included."""
CALLED = "name: called\ntriggers: [{manual: {}}]\nsteps: [{id: c, action: create_coupon, with: {percent_off: 7}}]\n"
CONTROL = """\
name: control
triggers: [{manual: {inputs: {n: {type: integer, required: true}}}}]
steps:
  - id: each
    for_each: '[1, 2, 3]'
    at_once: 2
    steps:
      - {id: made, action: create_coupon, with: {percent_off: 5}}
  - {id: nap, wait: {for: 2s}}
  - id: which
    switch: "inputs.n % 2 == 0 ? 'even' : 'odd'"
    cases:
      even: [{id: e, action: create_coupon, with: {percent_off: 6}}]
      odd: [{id: o, action: create_customer, with: {name: Ada}}]
  - {id: go, call: called}
  - {id: ask, approval: {ask: 'May I?'}}
  - {id: last, action: create_coupon, with: {percent_off: 8}}
"""
UNDER_WAY = "select count(*) from tillwright.workflow_runs where workflow_name = 'control' and finished is null"


class Shift:
    """Runs that are begun and approved, and workers that die meanwhile."""

    def __init__(self, made: Plant, house: House, principal: Principal, dice: random.Random) -> None:
        self.made, self.house, self.principal, self.dice = made, house, principal, dice
        self.begun = self.kills = self.started = 0
        self.workers: list[subprocess.Popen[bytes]] = []

    def under_way(self) -> int:
        return self.made.rows(UNDER_WAY)[0]["count"]

    async def hire(self) -> None:
        """Two workers, again."""
        while len(self.workers) < 2:
            self.workers.append(self.made.start_worker(f"worker-{self.started}"))
            self.started += 1
        for worker in self.workers:
            await asyncio.to_thread(self.made.wait_for_worker, worker)

    async def tend(self, *, begin: bool) -> None:
        """Begin runs until enough are under way, and say yes to whoever asks."""
        for _ in range(IN_FLIGHT - self.under_way() if begin else 0):
            await self.house.automation.steering.start(
                self.principal, "control", {"n": self.begun}, key=f"run {self.begun}"
            )
            self.begun += 1
        for asked in (await self.house.automation.approvals.list(self.principal, state=ApprovalState.PENDING)).items:
            await self.house.automation.approvals.decide(self.principal, asked.id, approve=True)

    async def kill(self) -> None:
        ends = time.monotonic() + self.dice.uniform(0.2, 4.0)
        while time.monotonic() < ends:
            await self.tend(begin=True)
            await asyncio.sleep(0.1)
        for victim in list(self.workers) if self.dice.random() < 0.25 else [self.dice.choice(self.workers)]:
            victim.kill()
            victim.wait(10)
            self.workers.remove(victim)
            self.kills += 1

    async def finish(self) -> None:
        ends = time.monotonic() + 180
        while left := self.under_way():
            assert time.monotonic() < ends, f"{left} runs do not end"
            await self.tend(begin=False)
            await asyncio.sleep(0.2)

    def judge(self) -> None:
        states = Counter(row["state"] for row in self.made.rows("select state from tillwright.workflow_runs"))
        assert states == {"DONE": 2 * self.begun}, states
        lines = httpx.get(f"{self.made.sandbox_url}/_sandbox/ledger", params={"accepted": "true"}, timeout=60).json()
        paths = ("/v1/coupons", "/v1/customers")
        keys = Counter(line["idempotency_key"] for line in lines["lines"] if line["path"] in paths)
        assert max(keys.values()) == 1, "a write took place twice"
        assert keys.total() == WRITES * self.begun, (keys.total(), self.begun)


async def trial(url: str, folder: Path, kills: int, seed: int) -> None:
    with plant(Secret(url), folder) as made:
        _, principal = await made.connect()
        async with open_house(made.settings) as house:
            for source in (CALLED, CONTROL):
                await house.automation.save(principal, source, activate=True)
            shift, began = Shift(made, house, principal, random.Random(seed)), time.monotonic()
            while shift.kills < kills:
                await shift.hire()
                await shift.kill()
            await shift.hire()
            await shift.finish()
            shift.judge()
            seconds = time.monotonic() - began
    print(f"seed {seed}: {shift.kills} kills, {shift.begun} runs of {WRITES} writes, each once, {seconds:.0f} s")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("TRIAL_KILLS", "20"))
    chosen = int(os.environ.get("SEED") or random.randrange(1_000_000))
    print(f"seed {chosen}", flush=True)
    made_in = Path(tempfile.mkdtemp(prefix="tillwright-control-"))
    server = EmbeddedServer(made_in / "postgres")
    try:
        bring_up_to_date(Secret(server.url))
        asyncio.run(trial(server.url, made_in, count, chosen))
    finally:
        server.stop()
        shutil.rmtree(made_in, ignore_errors=True)
