"""Deletes an integration: what is at Stripe first, then everything here in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from tillwright.domains import audit, events
from tillwright.domains.billing import Effects
from tillwright.domains.integrations import PARTNER, SERVICE, Integration, Integrations
from tillwright.domains.removal import store
from tillwright.domains.removal.receipt import Line, Receipt
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import Verification
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import TillwrightError


class Part(Protocol):
    """A room that keeps something of an integration's."""

    @property
    def left_behind(self) -> str:
        """A sentence on what is left at Stripe if `remove_at_stripe` fails or takes too long."""
        ...

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        """Takes back what we made at Stripe. Called again after a failure it does what is left."""
        ...

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        """Deletes the room's rows in the caller's transaction."""
        ...


class Removal:
    """`parts` in the order they are to be asked; `patience` in seconds for all of Stripe's part: erasing here wins."""

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
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._verification = verification
        self._effects = effects
        self._parts = parts
        self._patience = patience

    async def delete_integration(self, principal: Principal, partner: str = PARTNER, service: str = SERVICE) -> Receipt:
        """Deletes the integration for good and says what was done. A dead key, or Stripe down, doesn't stop it.

        Raises:
            Absent: there is no such integration.
            Denied: the caller may not.
        """
        principal.require("integration:write")
        integration = await self._integrations.of(principal.organisation_id, partner, service)
        lines = await self._remove_at_stripe(principal.organisation_id)
        async with self._database.tenant(principal.organisation_id) as tx:
            lines += await self._erase(tx, integration)
            receipt = Receipt(
                id=ids.new("rcpt"),
                partner=partner,
                service=service,
                account_id=integration.account_id,
                mode=integration.mode,
                at=self._clock.now(),
                by=principal.name,
                lines=tuple(lines),
            )
            await store.insert(tx, principal.organisation_id, receipt)
            await self._note(tx, principal, integration, receipt)
        return receipt

    async def receipts(self, principal: Principal, limit: int = 20) -> Sequence[Receipt]:
        """The organisation's receipts, newest first."""
        principal.require("integration:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.recent(tx, principal.organisation_id, limit)

    async def _remove_at_stripe(self, organisation_id: str) -> list[Line]:
        lines: list[Line] = []
        ends = self._clock.monotonic() + self._patience
        for part in self._parts:
            try:
                async with asyncio.timeout(max(0.1, ends - self._clock.monotonic())):
                    lines += await part.remove_at_stripe(organisation_id)
            except TimeoutError:
                lines.append(Line(f"{part.left_behind} Stripe did not answer in time.", done=False))
            except TillwrightError as error:
                lines.append(Line(f"{part.left_behind} {error.sentence}", done=False))
        return lines

    async def _erase(self, tx: Tx, integration: Integration) -> list[Line]:
        organisation, partner, service = integration.organisation_id, integration.partner, integration.service
        lines: list[Line] = []
        for part in self._parts:
            lines += await part.erase(tx, organisation)
        effects = await self._effects.forget(tx, organisation)
        reports = await self._verification.forget(tx, organisation, partner, service)
        keys = await self._integrations.remove(tx, organisation, partner, service)
        return [
            *lines,
            Line("Records of writes at Stripe were deleted.", count=effects),
            Line("Verification reports were deleted.", count=reports),
            Line("Sealed keys were shredded.", count=keys),
            Line("The integration was deleted."),
        ]

    async def _note(self, tx: Tx, principal: Principal, integration: Integration, receipt: Receipt) -> None:
        said = integration.summary() | {"receiptId": receipt.id, "leftAtStripe": len(receipt.left)}
        organisation, now = principal.organisation_id, self._clock.now()
        subject = f"{integration.partner}/{integration.service}"
        await audit.record(tx, organisation, principal.actor, "user:integration:delete", subject, said, now)
        await events.record(tx, organisation, f"integration:{integration.partner}:deleted", said, now)
