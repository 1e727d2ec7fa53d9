"""What follows an accepted event: the mirror takes it in, the spine says that it happened, all in one transaction."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import psycopg

from tillwright.domains import events
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import EventCopy, Mirror
from tillwright.domains.mirror.apply import Verdict
from tillwright.domains.webhooks import envelope as envelopes
from tillwright.domains.webhooks import store
from tillwright.domains.webhooks.endpoint.kinds import DEPARTURE
from tillwright.domains.webhooks.model import Outcome, StripeEvent
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.kit.clock import Clock, to_unix
from tillwright.kit.errors import TillwrightError, Upstream
from tillwright.kit.turns import share, take_turns

SPINE = "stripe:event:"
"""How the spine names an applied event; its type follows."""
_log = logging.getLogger("tillwright.webhooks")
_OURS = re.compile(rb'"idempotency_key"\s*:\s*"(tw_[0-9a-z]+)"')
_OUTCOMES = {
    Verdict.KEEP: Outcome.KEPT,
    Verdict.WRITE: Outcome.WRITTEN,
    Verdict.ASK: Outcome.ASKED,
    Verdict.WRITE_AND_ASK: Outcome.WRITTEN_AND_ASKED,
}


class Pipeline:
    """Applies stored events, a batch of each organisation that has some, a few organisations at a time."""

    def __init__(self, *, clock: Clock, database: Database, mirror: Mirror, integrations: Integrations) -> None:
        self._clock = clock
        self._integrations = integrations
        self._database = database
        self._mirror = mirror

    async def step(self, *, limit: int = 200) -> int:
        """Apply up to `limit` events of each organisation that has some, fewer where several have; returns how many."""
        async with self._database.open() as tx:
            organisations = await store.organisations_pending(tx, self._clock.now())
        each = share(limit, len(organisations))
        return await take_turns(organisations, lambda organisation: self._organisation(organisation, each))

    async def _organisation(self, organisation_id: str, limit: int) -> int:
        batch: Sequence[StripeEvent] = []
        try:
            async with self._database.tenant(organisation_id) as tx:
                batch = await store.pending(tx, organisation_id, self._clock.now(), limit)
                await self._apply(tx, organisation_id, batch)
            return len(batch)
        except Upstream:
            raise
        except (TillwrightError, psycopg.Error, ValueError, TypeError, LookupError) as error:
            _log.warning("a batch of events did not apply (%s): trying them one by one", type(error).__name__)
        # One event that can't be applied must not hold up the others.
        return sum([await self._one(organisation_id, event) for event in batch])

    async def _one(self, organisation_id: str, event: StripeEvent) -> bool:
        try:
            async with self._database.tenant(organisation_id) as tx:
                held = await store.hold(tx, organisation_id, event.id)
                await self._apply(tx, organisation_id, [event] if held else [])
            return held
        except Upstream:
            raise
        except (TillwrightError, psycopg.Error, ValueError, TypeError, LookupError) as error:
            _log.exception("event %s of %s did not apply", event.id, organisation_id)
            next_at = self._clock.now() + store.wait_after(event.failures)
            async with self._database.tenant(organisation_id) as tx:
                await store.fail(tx, organisation_id, event.id, _said(error), next_at)
            return False

    async def _apply(self, tx: Tx, organisation_id: str, batch: Sequence[StripeEvent]) -> None:
        if not batch:
            return
        copies = [copy_of(event) for event in batch]
        verdicts = iter(await self._mirror.apply(tx, organisation_id, [copy for copy in copies if copy is not None]))
        outcomes = [
            (event.id, Outcome.NOTHING if copy is None else _OUTCOMES[next(verdicts)])
            for event, copy in zip(batch, copies, strict=True)
        ]
        at, present = self._clock.now(), await self._integrations.livemode_of(tx, organisation_id)
        # What is of the side that was left by a switch is kept and mirrored there, and nothing starts by it.
        told = [each for each in batch if present is None or each.livemode is present or each.type == DEPARTURE]
        await events.record_all(tx, organisation_id, [(SPINE + each.type, _happening(each)) for each in told], at)
        await store.settle(tx, organisation_id, outcomes, at)


def copy_of(event: StripeEvent) -> EventCopy | None:
    """What an event says of its object; None where it names none."""
    if event.object_type is None or event.object_id is None:
        return None
    return EventCopy(
        livemode=event.livemode,
        object=event.object_type,
        id=event.object_id,
        account_id=event.account_id,
        event_id=event.id,
        event_type=event.type,
        created=event.created,
        received=event.received,
        foreign=event.api_version not in (None, API_VERSION),
        body=envelopes.read(event.raw).snapshot,
    )


def _happening(event: StripeEvent) -> dict[str, str | int | bool | None]:
    """What a reaction needs to know. The object is not in it: rules act on the object as it is, fetched again."""
    return {
        "event_id": event.id,
        "created": to_unix(event.created),
        "livemode": event.livemode,
        "account_id": event.account_id,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "cause": cause_of(event),
    }


def cause_of(event: StripeEvent) -> str | None:
    """The idempotency key of the write of ours that led to the event; None if another's did."""
    found = _OURS.search(event.raw)
    return found.group(1).decode() if found else None


def _said(error: Exception) -> str:
    if isinstance(error, psycopg.Error):
        return f"{type(error).__name__}: {error.diag.message_primary}"
    return f"{type(error).__name__}: {error}"[:500]
