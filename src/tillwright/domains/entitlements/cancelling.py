"""Cancelling: here for what ends by our clock, at Stripe for a subscription; and taking a cancellation back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tillwright.domains.entitlements import cancellation, recording, store
from tillwright.domains.entitlements.changes import rfc3339
from tillwright.domains.entitlements.following import Follower
from tillwright.domains.entitlements.model import Entitlement
from tillwright.domains.entitlements.writes import Writes
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Conflict, Upstream

Change = Callable[[Entitlement], Entitlement]


class Canceller:
    def __init__(self, *, clock: Clock, database: Database, effects: Writes, follower: Follower) -> None:
        self._clock = clock
        self._database = database
        self._effects = effects
        self._follower = follower

    async def schedule(
        self, principal: Principal, entitlement_id: str, *, when: Any, date: Any = None, note: Any = None
    ) -> Entitlement:
        """As `Entitlements.schedule_cancellation` says."""
        principal.require("entitlement:write")
        wanted = cancellation.wanted(when, date, note, self._clock.now())

        def noted(e: Entitlement) -> Entitlement:
            return cancellation.noted(e, wanted, e.end, self._clock.now())

        def here(e: Entitlement) -> Entitlement:
            return noted(cancellation.here(e, wanted, self._clock.now()))

        said = {"type": wanted.when, "cancelDate": rfc3339(wanted.date)}
        return await self._cancel(principal, entitlement_id, "cancel", said, wanted, here, noted)

    async def unschedule(self, principal: Principal, entitlement_id: str) -> Entitlement:
        """As `Entitlements.unschedule_cancellation` says."""
        principal.require("entitlement:write")
        entitlement = await self._get(principal, entitlement_id)
        if entitlement.schedule is None and entitlement.status != "PENDING_CANCEL":
            raise Conflict("not_scheduled", "No cancellation is scheduled.", remedy="There is nothing to take back.")
        return await self._cancel(
            principal, entitlement_id, "keep", {}, None, cancellation.taken_back, cancellation.without_schedule
        )

    async def _cancel(
        self,
        principal: Principal,
        entitlement_id: str,
        did: str,
        said: Mapping[str, Any],
        wanted: cancellation.Cancellation | None,
        here: Change,
        noted: Change,
    ) -> Entitlement:
        """Ours are changed here; a subscription at Stripe, whose answer and our note of it commit together."""
        before = await self._get(principal, entitlement_id)
        cancellation.check_open(before)
        request = cancellation.at_stripe(before, wanted)
        if request is None:
            now = self._clock.now()
            async with self._database.tenant(principal.organisation_id) as tx:
                locked = await recording.get(tx, entitlement_id, lock=True)
                cancellation.check_open(locked)
                after = await recording.save(tx, locked, here(locked), now)
                await recording.note(tx, principal, did, after, said, now)
                return after
        async with self._database.tenant(principal.organisation_id) as tx:
            # Each wish is an intent of its own: noted before it is sent, so that it has a key of its own.
            intent = await store.next_intent(tx, entitlement_id)
            await recording.note(tx, principal, did, before, {**said, "intent": intent}, self._clock.now())

        async def on_done(tx: Tx, answer: dict[str, Any]) -> None:
            locked = await recording.get(tx, entitlement_id, lock=True)
            await recording.save(tx, locked, noted(locked), self._clock.now())
            if answer.get("object") == "subscription":
                await self._follower.take_answer(
                    tx, principal.organisation_id, before.livemode, before.account_id, answer
                )

        method, path, params = request
        result = await self._effects.perform(
            principal.organisation_id, run_id=entitlement_id, step=f"{did}-{intent}", method=method, path=path,
            params=params, livemode=before.livemode, on_done=on_done,
        )  # fmt: skip
        if result.state == "REFUSED":
            raise cancellation.refusal(result.error)
        if result.state != "DONE":
            raise Upstream(
                "cancellation_unclear",
                "Stripe did not answer clearly, so it is not known whether this took effect.",
                remedy="Look again in a moment; doing it once more is safe.",
            )
        return await self._get(principal, entitlement_id)

    async def _get(self, principal: Principal, entitlement_id: str) -> Entitlement:
        async with self._database.tenant(principal.organisation_id) as tx:
            return await recording.get(tx, entitlement_id)
