"""Puts proven keys in the place of the present ones; those stay good for a while, so that nothing under way fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tillwright.domains.integrations import store
from tillwright.domains.integrations.credentials import Credentials
from tillwright.domains.integrations.model import Integration, Previous, Settings, Status
from tillwright.domains.integrations.proving import Proven
from tillwright.gateways.database import Tx
from tillwright.kit.clock import Clock

KEY_PURPOSE = "secret_key"
PREVIOUS_PURPOSE = "secret_key_previous"
OVERLAP = timedelta(hours=24)
"""How long earlier keys stay good."""


class Exchange:
    """Writes in its callers' transactions."""

    def __init__(self, *, clock: Clock, credentials: Credentials) -> None:
        self._clock = clock
        self._credentials = credentials

    async def put(self, tx: Tx, integration: Integration, proven: Proven) -> None:
        """Seal the secret key of an integration that has none, or has just given its own up."""
        await self._credentials.put(
            tx,
            integration.organisation_id,
            partner=integration.partner,
            purpose=KEY_PURPOSE,
            livemode=proven.pair.livemode,
            secret=proven.pair.secret,
            at=integration.updated,
        )

    async def replace(
        self, tx: Tx, locked: Integration, proven: Proven, *, settings: Settings, status: Status, by: str
    ) -> Integration:
        """The integration with the new keys, its present ones kept as the earlier ones; `locked` is held by `tx`."""
        now = self._clock.now()
        await self._credentials.move(
            tx,
            locked.organisation_id,
            partner=locked.partner,
            purpose=KEY_PURPOSE,
            to=PREVIOUS_PURPOSE,
            livemode=locked.livemode,
            at=now,
        )
        changed = replace(
            locked,
            status=status,
            livemode=proven.pair.livemode,
            account_id=proven.identity.account_id,
            account_name=proven.identity.name or (locked.account_name if _same_account(locked, proven) else None),
            publishable_key=proven.pair.publishable,
            key_kind=proven.pair.kind,
            key_hint=proven.pair.hint,
            settings=settings,
            previous=_earlier(locked, now + OVERLAP),
            version=locked.version + 1,
            updated=now,
            updated_by=by,
        )
        await self.put(tx, changed, proven)
        await store.update(tx, changed)
        return changed

    async def drop_previous(self, tx: Tx, locked: Integration) -> Integration:
        """Shred the earlier keys."""
        await self._credentials.shred(tx, locked.organisation_id, partner=locked.partner, purpose=PREVIOUS_PURPOSE)
        changed = replace(locked, previous=None)
        await store.update(tx, changed)
        return changed


def _earlier(locked: Integration, until: datetime) -> Previous:
    return Previous(locked.livemode, locked.account_id, locked.publishable_key, locked.key_kind, locked.key_hint, until)


def _same_account(locked: Integration, proven: Proven) -> bool:
    return (locked.account_id, locked.livemode) == (proven.identity.account_id, proven.pair.livemode)
