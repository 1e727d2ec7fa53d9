"""The verbs of an entitlement: look, make by hand, rename, extend, cancel; and when its notices go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString

from tillwright.domains import audit
from tillwright.domains.entitlements import (
    cancellation,
    notice_store,
    recording,
    renew_soon,
    renewal_store,
    store,
    wishes,
)
from tillwright.domains.entitlements.cancelling import Canceller
from tillwright.domains.entitlements.changes import rfc3339
from tillwright.domains.entitlements.end_soon import Notice, following
from tillwright.domains.entitlements.following import Follower
from tillwright.domains.entitlements.look import look
from tillwright.domains.entitlements.making import Maker
from tillwright.domains.entitlements.model import RUNNING, SCHEDULE, Entitlement, SentNotice, SentRenewal, Term
from tillwright.domains.entitlements.plans import Choices, Plans
from tillwright.domains.entitlements.purchases import PurchaseTerms
from tillwright.domains.entitlements.purchases import store as purchase_store
from tillwright.domains.entitlements.renew_soon import Renewal
from tillwright.domains.entitlements.renewing import Renewals
from tillwright.domains.entitlements.sweeping import Coming, ComingRenewal, Sweep
from tillwright.domains.entitlements.writes import Writes
from tillwright.domains.events import SpineEvent
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.kit import query
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Conflict, Invalid

Change = Callable[[Entitlement], Entitlement]
# What is over comes last: the next end is what a reader looks for.
DEFAULT_ORDER = "(status in ('CANCELLED', 'DELETED')), end_time nulls last, id"


class Entitlements:
    """Times are aware UTC; the organisation is the caller's."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        integrations: Integrations,
        tenancy: Tenancy,
        mirror: Mirror,
        effects: Writes,
    ) -> None:
        self._clock = clock
        self._database = database
        self._plans = Plans(integrations=integrations, tenancy=tenancy)
        self._follower = Follower(clock=clock, database=database, mirror=mirror)
        self._sweep = Sweep(clock=clock, database=database, plans=self._plans)
        self._maker = Maker(clock=clock, database=database, integrations=integrations, mirror=mirror)
        self.renewals = Renewals(clock=clock, database=database, plans=self._plans)
        self.purchase_terms = PurchaseTerms(clock=clock, database=database, integrations=integrations, mirror=mirror)
        self._canceller = Canceller(clock=clock, database=database, effects=effects, follower=self._follower)

    async def get(self, principal: Principal, entitlement_id: str) -> Entitlement:
        """Raises Absent if there is none."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await recording.get(tx, entitlement_id)

    async def find(
        self,
        principal: Principal,
        *,
        q: str | None = None,
        s: str | None = None,
        equal: Mapping[str, str | None] | None = None,
        livemode: bool | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> tuple[Sequence[Entitlement], int]:
        """A part of the list, soonest end first unless `s` says else, and how many there are.

        Args:
            q, s: as `kit.query` reads them, over `store.COLUMNS`.
            equal: columns that must have these values; None asks nothing.

        Raises:
            Invalid: the filter or the sort is not readable.
        """
        principal.require("entitlement:read")
        asked = query.where(q, store.COLUMNS)
        order = query.order(s, store.COLUMNS, DEFAULT_ORDER)
        conditions: list[LiteralString] = [asked.sql]
        values = list(asked.values)
        for name, value in (equal or {}).items():
            if value is not None:
                conditions.append(store.COLUMNS[name].sql + " = %s")
                values.append(value)
        if livemode is not None:
            conditions.append("livemode = %s")
            values.append(livemode)
        where = query.Where(" and ".join(conditions), tuple(values))
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.find(tx, where, order, limit=limit, offset=offset)

    async def of_sources(
        self, principal: Principal, source_ids: Sequence[str], *, livemode: bool | None = None
    ) -> Mapping[str, str]:
        """The first entitlement that follows from each of these subscriptions, invoices or payments, by their ids."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.of_sources(tx, source_ids, livemode)

    async def ending(
        self, principal: Principal, *, livemode: bool, since: datetime, until: datetime, limit: int = 1000
    ) -> Sequence[Entitlement]:
        """Those that end between two times, first the next."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.ending(tx, livemode, since, until, limit)

    async def counts(self, principal: Principal, *, livemode: bool) -> Mapping[str, int]:
        """How many there are in each status."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.counts(tx, livemode)

    async def terms(self, principal: Principal, entitlement_id: str) -> Sequence[Term]:
        """Its periods, oldest first."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            await recording.get(tx, entitlement_id)
            return await store.terms_of(tx, entitlement_id)

    async def sent(
        self, principal: Principal, entitlements: Sequence[Entitlement]
    ) -> Mapping[str, Sequence[SentNotice]]:
        """The end-soon notices that were recorded for these, newest first, by entitlement."""
        principal.require("entitlement:read")
        found: dict[str, list[SentNotice]] = {}
        async with self._database.tenant(principal.organisation_id) as tx:
            for notice in await notice_store.of_entitlements(tx, [e.id for e in entitlements]):
                found.setdefault(notice.entitlement_id, []).append(notice)
        return found

    async def renewals_told(self, principal: Principal, entitlement_id: str) -> Sequence[SentRenewal]:
        """The notices before its renewals that were recorded, newest first."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await renewal_store.sent(tx, [entitlement_id])

    async def choices(self, principal: Principal) -> Choices:
        """The switch, the days and the time zone that hold for all."""
        principal.require("entitlement:read")
        return await self._plans.of(principal.organisation_id)

    def coming(self, entitlement: Entitlement, choices: Choices, sent: Sequence[SentNotice]) -> Notice | None:
        """Its next notice: the one that is due now, else the one that will be."""
        if entitlement.status not in RUNNING or entitlement.end is None:
            return None
        plan, now = choices.plan_of(entitlement), self._clock.now()
        offsets = [notice.offset for notice in sent if notice.end == entitlement.end]
        return look(entitlement, plan, offsets, now).notice or following(entitlement.end, plan, offsets, now)

    def coming_renewal(self, entitlement: Entitlement, choices: Choices, told: Sequence[SentRenewal]) -> Renewal | None:
        """The notice before its next renewal: due now, or later."""
        plan, now = choices.renewals_of(entitlement), self._clock.now()
        went = any(one.renews == entitlement.renews for one in told)
        of = (entitlement, plan, went, now)
        return renew_soon.due(*of) or renew_soon.following(*of)

    async def would_send(self, principal: Principal, at: datetime) -> Sequence[Coming]:
        """What a sweep at that time would send, as far as is known now; writes nothing."""
        principal.require("entitlement:read")
        return await self._sweep.would_send(principal.organisation_id, at)

    async def would_tell_renewals(self, principal: Principal, at: datetime) -> Sequence[ComingRenewal]:
        """The notices before renewals that a sweep at that time would send; writes nothing."""
        principal.require("entitlement:read")
        return await self._sweep.would_tell_renewals(principal.organisation_id, at)

    async def create(self, principal: Principal, **given: Any) -> Entitlement:
        """Make one by hand; it begins, is warned of and ends by our clock, and Stripe never hears of it.

        Args:
            given: as `wishes.wish` takes them: buyer_id, price_id, product_id, name, start, end.

        Raises:
            Invalid: with every complaint; also for a customer, price or product the mirror does not have.
            Absent: Stripe is not connected.
        """
        return await self._maker.make(principal, **given)

    async def rename(self, principal: Principal, entitlement_id: str, name: Any) -> Entitlement:
        """Call it otherwise; the name then stays, whatever its product is called."""
        name = wishes.check_name(name)
        return await self._change(
            principal, entitlement_id, "rename", {"name": name}, lambda e: replace(e, name=name, named=True)
        )

    async def set_meta(self, principal: Principal, entitlement_id: str, meta: Mapping[str, Any]) -> Entitlement:
        """Replace what is kept beside it. The scheduled cancellation in it stays as it is."""
        meta = wishes.check_meta(meta)

        def change(e: Entitlement) -> Entitlement:
            return replace(e, meta=meta | ({SCHEDULE: e.schedule} if e.schedule else {}))

        return await self._change(principal, entitlement_id, "meta", {"names": sorted(meta)}, change)

    async def set_notices(
        self, principal: Principal, entitlement_id: str, *, on: bool | None, days: Any
    ) -> Entitlement:
        """Override the integration's switch and days for this one; None follows them again."""
        days = wishes.check_notice_days(days)
        said = {"notices": on, "days": days}
        return await self._change(
            principal, entitlement_id, "notices", said, lambda e: replace(e, notices=on, notice_days=days)
        )

    async def set_end(self, principal: Principal, entitlement_id: str, end: Any) -> Entitlement:
        """Extend or shorten one that ends by our clock: made by hand, or bought once. None: without an end.

        Raises:
            Conflict: Stripe decides its end; schedule a cancellation instead.
        """
        until = cancellation.time_of(end, "endTime") if end not in (None, "") else None

        def change(e: Entitlement) -> Entitlement:
            cancellation.check_open(e)
            if e.kind == "SUBSCRIPTION":
                raise Conflict(
                    "end_is_stripes",
                    "A subscription decides when this ends.",
                    field="endTime",
                    remedy="Schedule a cancellation, or take one back.",
                )
            if until is not None and until <= max(e.start, self._clock.now()):
                raise Invalid(
                    "end_past", "This end is over.", field="endTime", remedy="Cancel it, or give a later end."
                )
            return replace(cancellation.taken_back(e), end=until, held=True)

        return await self._change(principal, entitlement_id, "end", {"endTime": rfc3339(until)}, change)

    async def schedule_cancellation(
        self, principal: Principal, entitlement_id: str, *, when: Any, date: Any = None, note: Any = None
    ) -> Entitlement:
        """End it at the end of its term, on a date, or at once; for a subscription at Stripe, with all its items.

        Args:
            when: EndOfTerm, SpecificDate (with `date`) or Immediate.

        Raises:
            Invalid: with every complaint.
            Conflict: it is over, cannot be cancelled by itself, or Stripe refused.
            Upstream: Stripe did not answer clearly; doing it again is safe.
        """
        return await self._canceller.schedule(principal, entitlement_id, when=when, date=date, note=note)

    async def unschedule_cancellation(self, principal: Principal, entitlement_id: str) -> Entitlement:
        """Let it go on as if nothing had been scheduled.

        Raises:
            Conflict: nothing is scheduled; and as for `schedule_cancellation`.
        """
        return await self._canceller.unschedule(principal, entitlement_id)

    async def cancel(self, principal: Principal, entitlement_id: str) -> Entitlement:
        """End it at once. Raises as `schedule_cancellation`."""
        return await self._canceller.schedule(principal, entitlement_id, when="Immediate")

    async def derive_again(self, principal: Principal) -> None:
        """Have everything derived anew from the mirror; what is right already stays, and nothing is told twice."""
        principal.require("entitlement:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            await self._follower.again(tx, principal.organisation_id)
            actor, now = principal.actor, self._clock.now()
            await audit.record(tx, principal.organisation_id, actor, "user:entitlement:derive", "*", {}, now)

    async def follow_step(self) -> int:
        """Take in what changed in the mirror, and go back over purchases of edited terms; returns how many objects."""
        return await self._follower.step() + await self._follower.review_step()

    async def sweep_step(self, *, limit: int = 500) -> int:
        """Begin, end and warn as the clock says; returns how many entitlements were looked at."""
        return await self._sweep.step(limit)

    async def replan(self, tx: Tx, event: SpineEvent) -> None:
        """The spine's reaction: an edited setting changes what is due."""
        await self._sweep.replan(tx, event)

    async def at_stake(self, tx: Tx, organisation_id: str) -> tuple[Tally, Tally, Tally]:
        """Entitlements, records of their notices and purchase terms, which `forget` would erase."""
        return *await store.held(tx, organisation_id), await purchase_store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> tuple[int, int]:
        """Erase all of the organisation's in the caller's transaction: how many entitlements and purchase terms."""
        terms = await purchase_store.forget(tx, organisation_id)
        return await store.forget(tx, organisation_id), terms

    async def _change(
        self, principal: Principal, entitlement_id: str, did: str, said: Mapping[str, Any], change: Change
    ) -> Entitlement:
        principal.require("entitlement:write")
        now = self._clock.now()
        async with self._database.tenant(principal.organisation_id) as tx:
            before = await recording.get(tx, entitlement_id, lock=True)
            after = await recording.save(tx, before, change(before), now)
            await recording.note(tx, principal, did, after, said, now)
            return after
