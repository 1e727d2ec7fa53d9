"""Asking Stripe for events with a lag window: none is missed, and those we have are passed over by their id."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from tillwright.domains import events
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.webhooks import envelope as envelopes
from tillwright.domains.webhooks import store as stored
from tillwright.domains.webhooks.endpoint import store as endpoints
from tillwright.domains.webhooks.model import Arrival
from tillwright.domains.webhooks.polling import store
from tillwright.domains.webhooks.polling.store import Poll
from tillwright.domains.webhooks.polling.window import pause, window
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.clock import Clock, to_unix
from tillwright.kit.errors import Invalid, TillwrightError

TURN = 50  # pages of one account before another's turn
_LONGEST = 6  # doublings of the wait after failures in a row: half an hour
_log = logging.getLogger("tillwright.webhooks")


class Polling:
    """Any number of processes may step at once: a mode of an account is one's at a time."""

    def __init__(
        self, *, clock: Clock, database: Database, integrations: Integrations, mirror: Mirror, reader: StripeReader
    ) -> None:
        self._clock = clock
        self._database = database
        self._integrations = integrations
        self._mirror = mirror
        self._reader = reader

    async def step(self) -> int:
        """Ask for the events of every account that is due; returns how many were new."""
        async with self._database.open() as tx:
            organisations = await store.organisations(tx, self._clock.now())
        return sum(await asyncio.gather(*(self._organisation(each) for each in organisations)))

    async def _organisation(self, organisation_id: str) -> int:
        lease = ids.token(12)
        async with self._database.tenant(organisation_id) as tx:
            poll = await store.claim(tx, organisation_id, lease, self._clock.now())
            if poll is not None and not poll.gap_whole:
                await self._close_gap(tx, organisation_id, poll)
        if poll is None:
            return 0
        brought = 0
        try:
            access = await self._integrations.access(organisation_id, livemode=poll.livemode, why="ask for events")
            if poll.read_to is None:
                opened = await self._open(organisation_id, lease, poll)
                if opened is None:
                    return 0
                poll = opened
            for _ in range(TURN):
                new, more, cursor_id = await self._page(organisation_id, lease, poll, access)
                brought += new
                if not more:
                    return brought
                poll = replace(poll, cursor_id=cursor_id)
            await self._pause(organisation_id, lease, poll, None)
        except TillwrightError as error:
            await self._pause(organisation_id, lease, poll, error)
        return brought

    async def _open(self, organisation_id: str, lease: str, poll: Poll) -> Poll | None:
        """A new window. What is older than Stripe remembers is told, and closed by reading every object again."""
        at = self._clock.now()
        wanted = window(poll.seen_until, at)
        async with self._database.tenant(organisation_id) as tx:
            if wanted.lost is not None:
                _log.warning("events of %s since %s are lost: reading all objects again", organisation_id, wanted.lost)
                await self._mirror.sweep(tx, organisation_id, livemode=poll.livemode)
                data = {"from": wanted.lost.isoformat(), "to": wanted.low.isoformat(), "livemode": poll.livemode}
                await events.record(tx, organisation_id, "mirror:GAP:found", data, at)
            return await store.open_window(tx, organisation_id, lease, poll, wanted, at)

    async def _page(self, organisation_id: str, lease: str, poll: Poll, access: Access) -> tuple[int, bool, str | None]:
        """One page of the window: (events that were new, whether it goes on, behind which event)."""
        assert poll.read_from is not None
        assert poll.read_to is not None
        params: dict[str, Any] = {
            "limit": 100, "created": {"gte": to_unix(poll.read_from), "lte": to_unix(poll.read_to)},
        }  # fmt: skip
        if poll.cursor_id:
            params["starting_after"] = poll.cursor_id
        answer = await self._reader.get(access, "/v1/events", params, lane="bulk", deadline=60.0)
        rows = answer.items
        more = answer.body.get("has_more") is True and bool(rows)
        at = self._clock.now()
        # Oldest first: what reads the events in the order of their arrival sees them as they happened.
        arrivals = [each for row in reversed(rows) if (each := self._arrival(organisation_id, poll, row, at))]
        cursor_id = str(rows[-1]["id"]) if rows else None
        async with self._database.tenant(organisation_id) as tx:
            new = await stored.insert(tx, organisation_id, arrivals) if arrivals else set[str]()
            if not await store.advance(tx, organisation_id, lease, poll, cursor_id=cursor_id, brought=len(new), at=at):
                raise _LeaseRanOut("poll_lease_lost", "Another process asks for these events now.")
            if new:
                await tx.execute("notify stripe_events")
            if not more:
                active = any(
                    each.livemode is poll.livemode and each.state == "ACTIVE" and not each.connect
                    for each in await endpoints.all_of(tx, organisation_id)
                )
                await store.close_window(tx, organisation_id, lease, poll, at + pause(active))
        return len(new), more, cursor_id

    def _arrival(self, organisation_id: str, poll: Poll, row: dict[str, Any], at: datetime) -> Arrival | None:
        raw = orjson.dumps(row)
        try:
            envelope = envelopes.read(raw)
        except Invalid as error:
            _log.warning("an event of %s in Stripe's list cannot be read: %s", organisation_id, error.sentence)
            return None
        if envelope.livemode is not poll.livemode:
            return None
        return Arrival(organisation_id, envelope.account_id or poll.account_id, envelope, raw, at)

    async def _pause(self, organisation_id: str, lease: str, poll: Poll, error: TillwrightError | None) -> None:
        if isinstance(error, _LeaseRanOut):
            return
        wait = pause(False) * 2 ** min(poll.failures, _LONGEST) if error else pause(False) * 0
        said = None if error is None else _as_data(error)
        async with self._database.tenant(organisation_id) as tx:
            await store.release(tx, organisation_id, lease, poll, self._clock.now() + wait, said)

    async def _close_gap(self, tx: Tx, organisation_id: str, poll: Poll) -> None:
        """Note how far the sweep closed it; what could not be read then may be readable now."""
        assert poll.gap_found is not None
        without = await self._mirror.swept_since(tx, poll.gap_found, livemode=poll.livemode)
        if without is None or (not poll.gap_open and tuple(without) == poll.gap_without):
            return
        at = self._clock.now()
        await store.close_gap(tx, organisation_id, poll.livemode, without, at)
        if poll.gap_open or not without:
            data = {"livemode": poll.livemode, "without": list(without)}
            await events.record(tx, organisation_id, "mirror:GAP:closed", data, at)


class _LeaseRanOut(TillwrightError):
    """Not an error for anybody: the other one goes on."""


def _as_data(error: TillwrightError) -> dict[str, Any]:
    if isinstance(error, StripeFailure):
        return error.record()
    return {"code": error.code, "sentence": error.sentence, "remedy": error.remedy}
