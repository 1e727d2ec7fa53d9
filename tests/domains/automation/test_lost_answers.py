"""A run goes on though a commit was lost, or its answer: whatever it does again was not done twice."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.domains.automation.crashing import KINDS, Crashing
from tests.domains.automation.stage import Stage
from tests.domains.automation.test_crash_points import check
from tests.domains.automation.test_messages import Elsewhere, elsewhere
from tests.line import Line, Moment
from tillwright.gateways.database import Database
from tillwright.gateways.durable import Steps

__all__ = ["elsewhere"]

EACH = int(os.environ.get("TRIAL_LOSSES", "1"))
"""How many commits of each kind of run are lost; the trial loses all."""


@pytest.fixture
async def database(line: Line) -> AsyncIterator[Database]:
    """By way of the line."""
    async with Database(line.url) as database:
        yield database


class Losing(Crashing):
    """Commits of a run's own segments are counted, and some lost; not what others do meanwhile."""

    def __init__(self, line: Line, stage: Stage, elsewhere: Elsewhere) -> None:
        super().__init__(stage, elsewhere.url, elsewhere.got)
        self.line, self.losses = line, list[int]()
        self.moment: Moment = "answered"
        self._execute = stage.automation.execute
        stage.automation.execute = self._counted  # type: ignore[method-assign]
        line.counting = False

    async def _begun(self) -> str:
        run_id = await super()._begun()
        self.line.cut(*self.losses, moment=self.moment)
        return run_id

    async def _counted(self, steps: Steps, payload: Mapping[str, Any]) -> str:
        self.line.counting = True
        ended = await self._execute(steps, payload)
        self.line.counting = False
        return ended


@pytest.mark.timeout(0 if EACH > 1 else 180)
async def test_what_is_done_again_is_not_done_twice(stage: Stage, elsewhere: Elsewhere, line: Line) -> None:
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"SEED={seed}")
    dice, losing = random.Random(seed), Losing(line, stage, elsewhere)
    await losing.set_up(list(KINDS))
    for kind in KINDS:
        losing.losses = []
        whole, commits = await losing.once(kind), line.commits
        assert whole.ended == "DONE", (kind, whole.reason)
        for number in sorted(dice.sample(range(1, commits + 1), min(EACH, commits))):
            losing.losses, lost = [number], line.lost
            losing.moment = dice.choice(("asked", "answered"))
            where = f"{kind}: lost a commit, number {number} of {commits}, {losing.moment}"
            seen = await losing.once(kind)
            assert line.lost == lost + 1, where
            check(seen, whole, where)
