"""Sealed keys: the only file that opens one, and an audit entry each time it does."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains import audit
from tillwright.domains.audit import Actor
from tillwright.domains.integrations import credential_store
from tillwright.gateways.database import Tx
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Seal, Secret


class Credentials:
    """`purpose` says what a key is for (`secret_key`, `webhook_secret`); it is bound into the seal."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    async def put(
        self, tx: Tx, organisation_id: str, *, partner: str, purpose: str, livemode: bool, secret: Secret, at: datetime
    ) -> None:
        """Seals a key, in place of the one stored for the same purpose."""
        sealed = self._seal.close(secret, organisation=organisation_id, partner=partner, purpose=purpose)
        await credential_store.put(
            tx, organisation_id, partner=partner, purpose=purpose, livemode=livemode, sealed=sealed, at=at
        )

    async def open(
        self, tx: Tx, organisation_id: str, *, partner: str, purpose: str, actor: Actor, why: str, at: datetime
    ) -> Secret:
        """Opens a key and notes who did so and `why` (a few words).

        Raises:
            Absent: no key is stored for this purpose.
            Invalid: it was sealed with another master key, or changed.
        """
        sealed = await credential_store.get(tx, organisation_id, partner, purpose)
        if sealed is None:
            raise Absent(
                "credential_absent",
                "No key is stored for this integration.",
                remedy="Connect Stripe on the Integrations page.",
            )
        secret = self._seal.open(sealed, organisation=organisation_id, partner=partner, purpose=purpose)
        await audit.opened(tx, organisation_id, actor, f"{partner}/{purpose}", why, at)
        return secret

    async def move(
        self, tx: Tx, organisation_id: str, *, partner: str, purpose: str, to: str, livemode: bool, at: datetime
    ) -> None:
        """Seals a key anew for another purpose, in place of the one stored for that. Nobody is given it.

        Raises:
            Invalid: it was sealed with another master key, or changed.
        """
        sealed = await credential_store.get(tx, organisation_id, partner, purpose)
        if sealed is None:
            return
        secret = self._seal.open(sealed, organisation=organisation_id, partner=partner, purpose=purpose)
        await self.put(tx, organisation_id, partner=partner, purpose=to, livemode=livemode, secret=secret, at=at)

    async def count(self, tx: Tx, organisation_id: str, *, partner: str) -> int:
        """How many keys of a partner's are sealed."""
        return await credential_store.count(tx, organisation_id, partner)

    async def shred(self, tx: Tx, organisation_id: str, *, partner: str, purpose: str | None = None) -> int:
        """Overwrites and deletes keys of a partner, all of them unless a purpose is given; returns how many."""
        return await credential_store.shred(tx, organisation_id, partner, purpose)
