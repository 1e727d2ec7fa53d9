"""The stop switch: one for an organisation, and nothing more is sent while it is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.automation import park_store, switch_store
from tillwright.domains.automation.check_triggers import amounts
from tillwright.domains.automation.complaints import Complaints
from tillwright.domains.automation.document import Document
from tillwright.domains.automation.spending import CAPS
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid


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

    async def caps(self, principal: Principal) -> Mapping[str, Any]:
        """What all workflows together may do in a day: `amount_per_day` by currency, `writes_per_day`."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await switch_store.caps(tx, principal.organisation_id)

    async def set_caps(self, principal: Principal, caps: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put these in place of what was set; an empty map lifts all limits.

        Raises:
            Invalid: an unknown limit, or one that is no whole number.
        """
        principal.require("workflow:caps")
        check = Complaints(Document(caps, {}))
        check.keys((), caps, (), CAPS)
        check.whole(("writes_per_day",), caps.get("writes_per_day"), 0, 10_000_000)
        amounts(check, ("amount_per_day",), caps.get("amount_per_day"))
        if check.problems:
            raise Invalid.many(check.problems)
        organisation_id, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            await switch_store.set_caps(tx, organisation_id, caps)
            await audit.record(
                tx, organisation_id, principal.actor, "automation:caps:changed", organisation_id, dict(caps), now
            )
            await events.record(tx, organisation_id, "workflow:CAPS:changed", dict(caps), now)
        return caps

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
