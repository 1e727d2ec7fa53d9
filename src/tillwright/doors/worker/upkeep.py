"""What a worker does so that nothing stays lying: dead workers' runs, broken runs, old checkpoints, old doubts."""

from __future__ import annotations

import logging
from datetime import timedelta

from tillwright.domains.automation import Automation
from tillwright.domains.billing import Effects
from tillwright.gateways.database import Database
from tillwright.gateways.durable.engine import Engine
from tillwright.gateways.durable.janitor import sweep, sweep_strays
from tillwright.kit.clock import Clock

CHECKPOINTS_KEPT = timedelta(days=7)
"""How long DBOS's own record of a finished run stays; our timeline of it stays longer."""

_log = logging.getLogger(__name__)


class Upkeep:
    """Each method returns 0: looking again at once would not find more."""

    def __init__(
        self, *, clock: Clock, database: Database, engine: Engine, automation: Automation, effects: Effects
    ) -> None:
        self._clock = clock
        self._database = database
        self._engine = engine
        self._automation = automation
        self._effects = effects

    async def janitor(self) -> int:
        """Take over the runs of workers that are gone."""
        await sweep(self._database, self._engine)
        return 0

    async def strays(self) -> int:
        """The net below: runs in nobody's hands, and runs that an error of ours ended."""
        await sweep_strays(self._database, self._engine)
        broken = await self._engine.broken()
        for run_id, payload, raised in broken:
            _log.error("Run %s broke: %s", run_id, raised)
            await self._automation.give_up(payload, raised)
        await self._engine.forget([run_id for run_id, _, _ in broken])
        return 0

    async def forget(self) -> int:
        """Drop the checkpoints of runs that ended long ago."""
        before = (self._clock.now() - CHECKPOINTS_KEPT).isoformat()
        await self._engine.forget(await self._engine.finished_before(before))
        return 0

    async def doubts(self) -> int:
        """Look again at writes whose outcome is unknown."""
        for organisation_id in await self._effects.organisations_with_unknown():
            await self._effects.settle_unknown(organisation_id)
        return 0
