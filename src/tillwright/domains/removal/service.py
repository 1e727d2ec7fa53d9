"""Deletes an integration: what is at Stripe first, then everything here in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tillwright.domains import audit, events
from tillwright.domains.billing import Effects
from tillwright.domains.integrations import PARTNER, SERVICE, Integration, Integrations
from tillwright.domains.removal import store
from tillwright.domains.removal.debts import Debts
from tillwright.domains.removal.receipt import Line, Receipt
from tillwright.domains.removal.stake import Stake, stake
from tillwright.domains.removal.unfinished import LEASE, Unfinished, hopeful
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import Verification
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.gateways.ledger import Ledger
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, TillwrightError

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_AGAIN = timedelta(days=1)


class Part(Protocol):
    """A room that keeps something of an integration's."""

    @property
    def left_behind(self) -> str:
        """A sentence on what is left at Stripe if `remove_at_stripe` fails or takes too long."""
        ...

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        """Takes back what we made at Stripe. Called again after a failure it does what is left."""
        ...

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        """What `erase` would take, counted quickly."""
        ...

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        """Deletes the room's rows in the caller's transaction."""
        ...


class Removal:
    """`parts` in the order they are to be asked; `patience` in seconds for all of Stripe's part: erasing here wins.

    A deletion is begun in a transaction of its own, so that whatever dies afterwards, a worker ends it. What it erased
    stays erased though a backup be restored: the ledger outside of the database says so.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        integrations: Integrations,
        verification: Verification,
        effects: Effects,
        parts: Sequence[Part] = (),
        patience: float = 20.0,
        debts: Debts | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._verification = verification
        self._effects = effects
        self._parts = parts
        self._patience = patience
        self._debts = debts
        self._ledger = ledger
        self._noted = _EVER

    async def delete_integration(self, principal: Principal, partner: str = PARTNER, service: str = SERVICE) -> Receipt:
        """Deletes the integration for good and says what was done. A dead key, or Stripe down, doesn't stop it.

        Raises:
            Absent: there is no such integration.
            Denied: the caller may not.
        """
        principal.require("integration:write")
        organisation_id, now = principal.organisation_id, self._clock.now()
        integration = await self._integrations.of(organisation_id, partner, service)
        async with self._database.tenant(organisation_id) as tx:
            begun = Unfinished(
                organisation_id, ids.new("rcpt"), partner, service, "HERE", principal.actor, now, now + LEASE
            )
            work = await store.begin(tx, begun)
            said = {"receiptId": work.id}
            subject = f"{partner}/{service}"
            await audit.record(
                tx, organisation_id, principal.actor, "user:integration:begin_delete", subject, said, now
            )
        return await self._carry_out(work, integration)

    async def at_stake(self, principal: Principal, partner: str = PARTNER, service: str = SERVICE) -> Sequence[Stake]:
        """What a deletion would take, counted; nothing is begun. As quick with a million rows as with ten thousand.

        Raises:
            Absent: there is no such integration.
            Denied: the caller may not delete it.
        """
        principal.require("integration:write")
        organisation_id, found = principal.organisation_id, list[Stake]()
        await self._integrations.of(organisation_id, partner, service)
        async with self._database.tenant(organisation_id) as tx:
            if partner == PARTNER:
                for part in self._parts:
                    found += await part.at_stake(tx, organisation_id)
                found.append(stake("Records of writes at Stripe", await self._effects.at_stake(tx, organisation_id)))
            reports = await self._verification.at_stake(tx, organisation_id, partner, service)
            keys = await self._integrations.at_stake(tx, organisation_id, partner)
        return [*found, stake("Verification reports", Tally(reports)), stake("Sealed keys", Tally(keys))]

    async def receipts(self, principal: Principal, limit: int = 20) -> Sequence[Receipt]:
        """The organisation's receipts, newest first."""
        principal.require("integration:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.recent(tx, principal.organisation_id, limit)

    async def step(self, limit: int = 10) -> int:
        """Go on with deletions that were begun and left: after a crash, or for what Stripe did not do yet."""
        now, ended = self._clock.now(), 0
        async with self._database.open() as tx:
            found = await store.due(tx, now, limit)
        for organisation_id, work_id in found:
            async with self._database.tenant(organisation_id) as tx:
                work = await store.claim(tx, organisation_id, work_id, now, now + LEASE)
            if work is None:
                continue
            if work.phase == "AT_STRIPE":
                if self._debts:
                    await self._debts.settle(work, self._patience)
                continue
            try:
                await self._carry_out(work, await self._integrations.of(organisation_id, work.partner, work.service))
            except Absent:
                async with self._database.tenant(organisation_id) as tx:
                    await store.end(tx, work)
            ended += 1
        return ended

    async def settle_ledger(self) -> int:
        """Bring the database and the ledger to the same: note here what was deleted, and delete again what a restored
        backup brought back, before anything uses it. Nothing is sent to Stripe for it. Returns how many came back.
        """
        if self._ledger is None:
            return 0
        now, back = self._clock.now(), 0
        async with self._database.open() as tx:
            new = await store.noted_since(tx, self._noted)
        await asyncio.to_thread(self._ledger.note_deletions, new)
        self._noted = max(_EVER, now - _AGAIN)
        for entry in await asyncio.to_thread(self._ledger.deletions):
            back += await self._delete_again(entry)
        return back

    async def _delete_again(self, entry: dict[str, Any]) -> int:
        organisation_id, partner, service = entry["organisation"], entry["partner"], entry["service"]
        try:
            integration = await self._integrations.of(organisation_id, partner, service)
        except Absent:
            return 0
        if integration.created != datetime.fromisoformat(entry["connected"]):
            return 0
        by = Principal.system(organisation_id, "tillwright")
        async with self._database.tenant(organisation_id) as tx:
            lines = await self._erase(tx, integration)
            lines.append(Line("It was deleted before; a restored backup had brought it back."))
            receipt = self._receipt(entry["id"], integration, by.name, lines)
            await store.insert(tx, organisation_id, receipt, integration.created)
            await self._note(tx, by.actor, integration, receipt)
        return 1

    async def _carry_out(self, work: Unfinished, integration: Integration) -> Receipt:
        """Do a deletion that was begun, from whichever place it was left at."""
        organisation_id = work.organisation_id
        debt = await self._debts.of(work, integration) if self._debts else None
        lines = await self._remove_at_stripe(integration)
        again = debt is not None and any(line.again for line in lines)
        async with self._database.tenant(organisation_id) as tx:
            if not await store.hold(tx, work):
                raise Absent("integration_absent", "Somebody else deleted this integration at the same moment.")
            lines += await self._erase(tx, integration)
            if again:
                lines.append(Line(_TRIED_AGAIN))
            else:
                lines = [replace(line, again=False) for line in lines]
            receipt = self._receipt(work.id, integration, work.actor.name, lines)
            await store.insert(tx, organisation_id, receipt, integration.created)
            await self._note(tx, work.actor, integration, receipt)
            if debt and again:
                await store.leave_at_stripe(tx, debt)
            else:
                await store.end(tx, work)
        # After the commit: what is noted here is deleted. A crash between is made up for by `settle_ledger`.
        if self._ledger is not None:
            async with self._database.open() as tx:
                new = await store.noted_since(tx, receipt.at)
            await asyncio.to_thread(self._ledger.note_deletions, new)
        return receipt

    async def _remove_at_stripe(self, integration: Integration) -> list[Line]:
        """What was done there, and what was not."""
        lines: list[Line] = []
        ends = self._clock.monotonic() + self._patience
        for part in self._parts if integration.partner == PARTNER else ():
            try:
                async with asyncio.timeout(max(0.1, ends - self._clock.monotonic())):
                    lines += await part.remove_at_stripe(integration.organisation_id)
            except TimeoutError:
                lines.append(Line(f"{part.left_behind} Stripe did not answer in time.", done=False, again=True))
            except TillwrightError as error:
                lines.append(Line(f"{part.left_behind} {error.sentence}", done=False, again=hopeful(error)))
        return lines

    async def _erase(self, tx: Tx, integration: Integration) -> list[Line]:
        organisation, partner, service = integration.organisation_id, integration.partner, integration.service
        lines: list[Line] = []
        if partner == PARTNER:  # the rooms keep what came from Stripe; another partner leaves nothing in them
            for part in self._parts:
                lines += await part.erase(tx, organisation)
            lines.append(
                Line("Records of writes at Stripe were deleted.", count=await self._effects.forget(tx, organisation))
            )
        reports = await self._verification.forget(tx, organisation, partner, service)
        keys = await self._integrations.remove(tx, organisation, partner, service)
        return [
            *lines,
            Line("Verification reports were deleted.", count=reports),
            Line("Sealed keys were shredded.", count=keys),
            Line("The integration was deleted."),
        ]

    def _receipt(self, receipt_id: str, integration: Integration, by: str, lines: Sequence[Line]) -> Receipt:
        return Receipt(
            id=receipt_id,
            partner=integration.partner,
            service=integration.service,
            account_id=integration.account_id,
            mode=integration.mode,
            at=self._clock.now(),
            by=by,
            lines=tuple(lines),
        )

    async def _note(self, tx: Tx, actor: audit.Actor, integration: Integration, receipt: Receipt) -> None:
        said = integration.summary() | {"receiptId": receipt.id, "leftAtStripe": len(receipt.left)}
        organisation, now = integration.organisation_id, self._clock.now()
        subject = f"{integration.partner}/{integration.service}"
        await audit.record(tx, organisation, actor, "user:integration:delete", subject, said, now)
        await events.record(tx, organisation, f"integration:{integration.partner}:deleted", said, now)


_TRIED_AGAIN = (
    "What is left at Stripe is tried again for a day. Only for that the key stays sealed, for nothing else; then it is "
    "shredded."
)
