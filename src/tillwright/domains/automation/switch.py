"""The stop switch: one for an organisation, and nothing more is sent while it is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tillwright.domains import audit, events
from tillwright.domains.automation import park_store, switch_store
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock


@dataclass(frozen=True)
class SwitchState:
    """`stopped_by` and `stopped_at` are None while automation runs."""

    stopped: bool
    stopped_by: str | None
    stopped_at: datetime | None


class StopSwitch:
    """Events are kept and runs are still made while it is on; they begin when it is off again."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def state(self, principal: Principal) -> SwitchState:
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return SwitchState(*await switch_store.state(tx, principal.organisation_id))

    async def stop(self, principal: Principal) -> SwitchState:
        """No further step is taken by any run of the organisation, from the moment this returns."""
        return await self._turn(principal, stopped=True)

    async def release(self, principal: Principal) -> SwitchState:
        """Let everything go on where it stood."""
        return await self._turn(principal, stopped=False)

    async def _turn(self, principal: Principal, *, stopped: bool) -> SwitchState:
        principal.require("workflow:stop" if stopped else "workflow:write")
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            before = SwitchState(*await switch_store.state(tx, organisation_id))
            if before.stopped is stopped:
                return before
            await switch_store.turn(tx, organisation_id, stopped, principal.name, now)
            if not stopped:
                await park_store.nudge_stopped(tx, organisation_id, now)
            did = "stopped" if stopped else "released"
            data = {"by": principal.name}
            await audit.record(
                tx, organisation_id, principal.actor, f"automation:switch:{did}", organisation_id, data, now
            )
            await events.record(tx, organisation_id, f"workflow:SWITCH:{did}", data, now)
            return SwitchState(*await switch_store.state(tx, organisation_id))
