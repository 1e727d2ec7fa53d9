"""The events as they are kept: for how long, and applied once more to build a type anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tillwright.domains import audit
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import store
from tillwright.domains.webhooks.pipeline import copy_of
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock

BATCH = 500


class Keeping:
    """`kept`: how long an applied event stays after it came; one that was not applied stays until it is."""

    def __init__(self, *, clock: Clock, database: Database, mirror: Mirror, kept: timedelta) -> None:
        self._clock = clock
        self._database = database
        self._mirror = mirror
        self._kept = kept

    async def expire(self, organisations: Sequence[str]) -> int:
        """Erase the events that were kept long enough; returns how many."""
        before, gone = self._clock.now() - self._kept, 0
        for organisation_id in organisations:
            while True:
                async with self._database.tenant(organisation_id) as tx:
                    erased = await store.erase_before(tx, organisation_id, before, BATCH)
                gone += erased
                if erased < BATCH:
                    break
        return gone

    async def replay(self, principal: Principal, object_type: str, *, livemode: bool, rebuild: bool = False) -> int:
        """Apply the kept events about a type to the mirror again, in the order they came; returns how many.

        What the mirror has by better evidence stays. With `rebuild` the type's objects are erased first and its list is
        read again afterwards, so that the type follows from nothing but raw events and Stripe; what is deleted stays a
        tombstone, which neither may be able to give back. Workflows hear nothing.

        Raises:
            Denied: the caller may not.
            Absent: with `rebuild`, a type that Stripe does not list.
        """
        principal.require("mirror:write")
        organisation_id, place, replayed = principal.organisation_id, 0, 0
        async with self._database.tenant(organisation_id) as tx:
            if rebuild:
                await self._mirror.erase_type(tx, organisation_id, object_type, livemode=livemode)
            detail = {"object": object_type, "mode": "live" if livemode else "test", "rebuild": rebuild}
            await audit.record(
                tx, organisation_id, principal.actor, "mirror:events:replay", object_type, detail, self._clock.now()
            )
        while True:
            async with self._database.tenant(organisation_id) as tx:
                events = await store.applied_of(tx, organisation_id, livemode, object_type, place, BATCH)
                copies = [copy for event in events if (copy := copy_of(event)) is not None]
                await self._mirror.apply(tx, organisation_id, copies)
            replayed += len(events)
            if len(events) < BATCH:
                return replayed
            place = events[-1].place
