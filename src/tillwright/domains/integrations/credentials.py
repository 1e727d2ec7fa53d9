"""Sealed keys: the only file that opens one, and an audit entry each time it does."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains import audit
from tillwright.domains.audit import Actor
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
        await tx.execute(
            "insert into credentials (organisation_id, partner, purpose, livemode, sealed, created) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (organisation_id, partner, purpose) "
            "do update set livemode = excluded.livemode, sealed = excluded.sealed, created = excluded.created",
            (organisation_id, partner, purpose, livemode, sealed, at),
        )

    async def open(
        self, tx: Tx, organisation_id: str, *, partner: str, purpose: str, actor: Actor, why: str, at: datetime
    ) -> Secret:
        """Opens a key and notes who did so and `why` (a few words).

        Raises:
            Absent: no key is stored for this purpose.
            Invalid: it was sealed with another master key, or changed.
        """
        row = await (
            await tx.execute(
                "select sealed from credentials where organisation_id = %s and partner = %s and purpose = %s",
                (organisation_id, partner, purpose),
            )
        ).fetchone()
        if row is None:
            raise Absent(
                "credential_absent",
                "No key is stored for this integration.",
                remedy="Connect Stripe on the Integrations page.",
            )
        secret = self._seal.open(bytes(row["sealed"]), organisation=organisation_id, partner=partner, purpose=purpose)
        await audit.record(
            tx, organisation_id, actor, "secret:credential:open", f"{partner}/{purpose}", {"why": why}, at
        )
        return secret

    async def shred(self, tx: Tx, organisation_id: str, *, partner: str, purpose: str | None = None) -> int:
        """Overwrites and deletes keys of a partner, all of them unless a purpose is given; returns how many."""
        values = (organisation_id, partner, purpose, purpose)
        await tx.execute(
            "update credentials set sealed = '' "
            "where organisation_id = %s and partner = %s and (%s::text is null or purpose = %s)",
            values,
        )
        done = await tx.execute(
            "delete from credentials "
            "where organisation_id = %s and partner = %s and (%s::text is null or purpose = %s)",
            values,
        )
        return done.rowcount
