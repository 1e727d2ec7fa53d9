"""The sweep: whatever the clock alone makes happen to entitlements, each once, however many workers sweep.

A row's lock decides who looks at it; its notice, the event that tells of it and the time of its next look commit
together. Killed anywhere, a sweep has done all of a batch or nothing; started twice, one of the two finds it locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains import events
from tillwright.domains.entitlements import notice_store, recording, renew_soon, renewal_store
from tillwright.domains.entitlements.changes import rfc3339, telling
from tillwright.domains.entitlements.end_soon import Notice
from tillwright.domains.entitlements.look import Look, look
from tillwright.domains.entitlements.model import Entitlement, SentNotice, SentRenewal
from tillwright.domains.entitlements.plans import Plans
from tillwright.domains.entitlements.renew_soon import Renewal
from tillwright.domains.events import SpineEvent
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock

LONGEST_PLAN = 60
_SLACK = 2
"""Days by which a calendar's day may differ from 24 hours, and one to spare."""
_REPLANNED_BY = ("integration:", "organisation:")


@dataclass(frozen=True, slots=True)
class Coming:
    """A notice that would go out, and why."""

    entitlement: Entitlement
    notice: Notice
    sent: Sequence[int]


@dataclass(frozen=True, slots=True)
class ComingRenewal:
    """A notice before a renewal that would go out."""

    entitlement: Entitlement
    notice: Renewal


class Sweep:
    def __init__(self, *, clock: Clock, database: Database, plans: Plans) -> None:
        self._clock = clock
        self._database = database
        self._plans = plans

    async def step(self, limit: int = 500) -> int:
        """One batch for each organisation that has something due; returns how many entitlements were looked at."""
        now = self._clock.now()
        async with self._database.open() as tx:
            organisations = await notice_store.organisations_due(tx, now)
        looked = 0
        for organisation_id in organisations:
            looked += await self._sweep(organisation_id, now, limit)
        return looked

    async def replan(self, tx: Tx, event: SpineEvent) -> None:
        """The spine's reaction: settings may have changed what is due, and when."""
        if event.name.startswith(_REPLANNED_BY):
            now, earliest = self._clock.now(), LONGEST_PLAN + _SLACK
            await notice_store.look_again(tx, event.organisation_id, now, earliest)
            if await self._plans.tells_renewals(tx, event.organisation_id):
                await renewal_store.look_again(tx, event.organisation_id, now, earliest)

    async def would_send(self, organisation_id: str, at: datetime, batch: int = 1000) -> Sequence[Coming]:
        """What a sweep at that time would send, soonest end first; writes nothing.

        As far as is known now: who renews or cancels in the meantime, and what goes out until then, is not foreseen.
        """
        choices = await self._plans.of(organisation_id)
        if choices.livemode is None:
            return []
        until = at + timedelta(days=LONGEST_PLAN + _SLACK)
        found: list[Coming] = []
        after = ""
        async with self._database.tenant(organisation_id) as tx:
            while rows := await notice_store.running(tx, organisation_id, choices.livemode, until, after, batch):
                sent = await notice_store.sent(tx, [row.id for row in rows])
                for row in rows:
                    offsets = _of_end(sent, row)
                    notice = look(row, choices.plan_of(row), offsets, at).notice
                    if notice is not None:
                        found.append(Coming(row, notice, sorted(offsets, reverse=True)))
                after = rows[-1].id
        return sorted(found, key=lambda coming: (coming.entitlement.end or at, coming.entitlement.id))

    async def would_tell_renewals(
        self, organisation_id: str, at: datetime, batch: int = 1000
    ) -> Sequence[ComingRenewal]:
        """The same for the notices before renewals, the soonest first."""
        choices = await self._plans.of(organisation_id)
        if choices.livemode is None or not choices.renewals:
            return []
        until, after = at + timedelta(days=LONGEST_PLAN + _SLACK), ""
        found: list[ComingRenewal] = []
        async with self._database.tenant(organisation_id) as tx:
            while rows := await renewal_store.renewing(tx, organisation_id, choices.livemode, until, after, batch):
                told = await renewal_store.told(tx, [row.id for row in rows])
                for row in rows:
                    notice = renew_soon.due(row, choices.renewals_of(row), (row.id, row.renews) in told, at)
                    if notice is not None:
                        found.append(ComingRenewal(row, notice))
                after = rows[-1].id
        return sorted(found, key=lambda coming: (coming.notice.renews, coming.entitlement.id))

    async def _sweep(self, organisation_id: str, now: datetime, limit: int) -> int:
        choices = await self._plans.of(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            rows = await notice_store.claim(tx, organisation_id, now, limit)
            sent = await notice_store.sent(tx, [row.id for row in rows])
            renewing = [row.id for row in rows if choices.renewals and row.auto_renew]
            told = await renewal_store.told(tx, renewing) if renewing else set[tuple[str, datetime]]()
            looks = [
                (
                    row,
                    look(
                        row, choices.plan_of(row), _of_end(sent, row), now,
                        renewals=choices.renewals_of(row), told=(row.id, row.renews) in told,
                    ),
                )
                for row in rows
            ]  # fmt: skip
            await self._tell(tx, organisation_id, looks, now)
            for row, seen in looks:
                if seen.status != row.status:
                    await recording.save(tx, row, replace(row, status=seen.status), now)
            await notice_store.set_checks(tx, organisation_id, {row.id: seen.check for row, seen in looks})
        return len(rows)

    async def _tell(
        self, tx: Tx, organisation_id: str, looks: Sequence[tuple[Entitlement, Look]], now: datetime
    ) -> None:
        notices: list[SentNotice] = []
        renewals: list[SentRenewal] = []
        told: list[tuple[str, dict[str, Any]]] = []
        for row, seen in looks:
            notice, renewal = seen.notice, seen.renewal
            if renewal is not None:
                renewals.append(SentRenewal(row.id, renewal.renews, renewal.days_left, now))
                what = telling(row, "renew_soon", rfc3339(renewal.renews))
                told.append((recording.event_name("renew_soon"), what | {"daysLeft": renewal.days_left}))
            if notice is None or row.end is None:
                continue
            notices.append(SentNotice(row.id, row.end, notice.offset, notice.days_left, notice.initial, now))
            more = {"daysLeft": notice.days_left, "offset": notice.offset, "initial": notice.initial}
            what = telling(replace(row, status=seen.status), "end_soon", rfc3339(row.end), notice.offset)
            told.append((recording.event_name("end_soon"), what | more))
        await notice_store.insert(tx, organisation_id, notices)
        await renewal_store.insert(tx, organisation_id, renewals)
        await events.record_all(tx, organisation_id, told, now)


def _of_end(sent: notice_store.Ends, row: Entitlement) -> set[int]:
    return sent.get(row.id, {}).get(row.end, set()) if row.end else set()
