"""Stored events as automation's back-tests read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.domains.automation.model import Trigger
from tillwright.domains.automation.past import Happened
from tillwright.domains.webhooks import envelope, store
from tillwright.domains.webhooks.model import StripeEvent
from tillwright.domains.webhooks.pipeline import SPINE, cause_of
from tillwright.gateways.database import Tx
from tillwright.kit.clock import to_unix


def trigger_of(event: StripeEvent) -> Trigger:
    """What a stored event is to a workflow."""
    return Trigger(
        spine_event_id=0,
        name=SPINE + event.type,
        stripe_event_id=event.id,
        stripe_event_type=event.type,
        created=to_unix(event.created),
        livemode=event.livemode,
        account_id=event.account_id,
        object_type=event.object_type,
        object_id=event.object_id,
    )


class History:
    """Reads what came in, as it came."""

    async def since(
        self, tx: Tx, *, livemode: bool, types: Sequence[str], since: datetime, limit: int
    ) -> Sequence[Happened]:
        """Events of these types that arrived since then, oldest first, each with the object it carried."""
        return [_happened(event) for event in await store.since(tx, livemode, types, since, limit)]

    async def newest(self, tx: Tx, *, livemode: bool, types: Sequence[str], limit: int) -> Sequence[Happened]:
        """The same, newest first."""
        return [_happened(event) for event in await store.newest_of(tx, livemode, types, limit)]

    async def one(self, tx: Tx, event_id: str) -> Happened | None:
        """The event of this id, if it is kept."""
        event = await store.get(tx, event_id)
        return _happened(event) if event else None

    async def cause(self, tx: Tx, event_id: str) -> str | None:
        """The idempotency key of the write of ours that led to it; None if another's did, or it is not kept."""
        event = await store.get(tx, event_id)
        return cause_of(event) if event else None


def _happened(event: StripeEvent) -> Happened:
    return Happened(trigger_of(event), envelope.read(event.raw).snapshot)
