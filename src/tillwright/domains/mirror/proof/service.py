"""Comparing the mirror with Stripe: a page of each account now and then, for ever; what is wrong is mended and told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from tillwright.domains import events
from tillwright.domains.mirror.apply import Verdict
from tillwright.domains.mirror.backfill import pages
from tillwright.domains.mirror.backfill import store as backfills
from tillwright.domains.mirror.backfill.pages import NOTHING, Read
from tillwright.domains.mirror.failures import as_data, wait_after
from tillwright.domains.mirror.intake import take_in
from tillwright.domains.mirror.keys import Keys
from tillwright.domains.mirror.kinds import BY_OBJECT, in_a_path
from tillwright.domains.mirror.marks import store as marks
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.mirror.proof import store
from tillwright.domains.mirror.proof.compare import Finding, findings
from tillwright.domains.mirror.proof.pace import LATE, PACE, REST, TURN
from tillwright.domains.mirror.proof.store import Turn
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.clock import Clock, from_unix
from tillwright.kit.errors import TillwrightError

_UNSEEN = 5_000  # objects asked for by id behind a pass, in turn: some lists leave out what can still be fetched


class Proving:
    """Any number of processes may step at once: a type is compared by one at a time."""

    def __init__(self, *, clock: Clock, database: Database, keys: Keys, reader: StripeReader) -> None:
        self._clock = clock
        self._database = database
        self._keys = keys
        self._reader = reader

    async def begin(self, tx: Tx, organisation_id: str) -> None:
        """From now on, prove the lists that were read to their end; what they brought is fresh for a while."""
        await store.begin(tx, organisation_id, self._clock.now() + LATE)

    async def step(self) -> int:
        """Compare some pages of each organisation that is due; returns 0: whoever calls keeps to its own pace."""
        async with self._database.open() as tx:
            organisations = await store.organisations(tx, self._clock.now())
        await asyncio.gather(*(self.turn(each) for each in organisations))
        return 0

    async def turn(self, organisation_id: str, *, pace: timedelta = PACE, most: int = TURN) -> int:
        """Compare the organisation's next pages, `pace` apart; returns how many, 0 if none is due."""
        # Each opening of the key is an entry in the audit trail: one a turn and mode, not one a page.
        opened: dict[bool, Access | TillwrightError] = {}
        compared = 0
        while compared < most:
            lease = ids.token(12)
            async with self._database.tenant(organisation_id) as tx:
                turn = await store.claim(tx, organisation_id, lease, self._clock.now())
                if turn is not None and (turn := await self._at_parent(tx, organisation_id, turn)).over:
                    await self._end(tx, organisation_id, lease, turn)
                    continue
            if turn is None:
                return compared
            livemode = turn.place.livemode
            if livemode not in opened:
                opened[livemode] = await self._access(organisation_id, livemode)
            await self._page(organisation_id, lease, turn, opened[livemode], pace)
            compared += 1
            if pace:
                await self._clock.sleep(pace.total_seconds())
        return compared

    async def _at_parent(self, tx: Tx, organisation_id: str, turn: Turn) -> Turn:
        """The turn at the next parent's list, where a list is read by parents and the one before is at its end."""
        place = turn.place
        if not place.by_parent or place.cursor_id is not None:
            return turn
        parent = await backfills.next_parent(tx, organisation_id, place)
        return replace(turn, place=replace(place, parent_id=parent), over=parent is None)

    async def _end(self, tx: Tx, organisation_id: str, lease: str, turn: Turn) -> None:
        """No parent is left: the pass is over, and nothing was asked for."""
        at = self._clock.now()
        if await store.advance(tx, organisation_id, lease, turn, NOTHING, 0, next_at=at + REST, at=at):
            await self._ask_for_unseen(tx, organisation_id, turn, at)

    async def _access(self, organisation_id: str, livemode: bool) -> Access | TillwrightError:
        try:
            return await self._keys.access(organisation_id, livemode=livemode, why="compare the mirror with Stripe")
        except TillwrightError as error:
            return error

    async def _page(
        self, organisation_id: str, lease: str, turn: Turn, access: Access | TillwrightError, pace: timedelta
    ) -> None:
        try:
            if isinstance(access, TillwrightError):
                raise access
            began = self._clock.now()
            answer = await self._reader.get(access, *pages.request(turn.place), lane="bulk", deadline=60.0)
            page = pages.read(answer.body, turn.place, access.account_id, began)
        except TillwrightError as error:
            await self._failed(organisation_id, lease, turn, error)
        else:
            await self._compared(organisation_id, lease, turn, page, pace)

    async def _compared(self, organisation_id: str, lease: str, turn: Turn, page: Read, pace: timedelta) -> None:
        at, place = self._clock.now(), turn.place
        async with self._database.tenant(organisation_id) as tx:
            known = await store.ours(tx, organisation_id, place.livemode, place.object, [c.id for c in page.copies])
            # What no event tells of is not wrong for being new.
            found = findings(() if BY_OBJECT[place.object].silent else page.copies, known)
            over = turn.ends(page)
            next_at = at + (REST if over else pace)
            if not await store.advance(tx, organisation_id, lease, turn, page, len(found), next_at=next_at, at=at):
                return
            verdicts = await take_in(tx, organisation_id, page.copies, at)
            mended = {copy.id: Verdict.WRITE in verdict for copy, verdict in zip(page.copies, verdicts, strict=True)}
            await store.note_drift(tx, organisation_id, found, [mended[each.copy.id] for each in found], at)
            await store.note_months(tx, organisation_id, turn, *_by_month(page.copies, found), at)
            if over:
                await self._ask_for_unseen(tx, organisation_id, turn, at)
            if found:
                data = {"object": place.object, "livemode": place.livemode, "count": len(found)}
                await events.record(tx, organisation_id, "mirror:DRIFT:found", data, at)

    async def _ask_for_unseen(self, tx: Tx, organisation_id: str, turn: Turn, at: datetime) -> None:
        place = turn.place
        names = await store.unseen(tx, organisation_id, turn, _UNSEEN)
        kind = BY_OBJECT[place.object]
        if not kind.alone:
            gone = (FetchedCopy(place.livemode, place.object, name, None, turn.began, False, None) for name in names)
            await take_in(tx, organisation_id, [*gone], at)
            return
        keys = [(place.livemode, place.object, name) for name in names if in_a_path(name)]
        if not kind.silent:
            await store.note_unseen(tx, organisation_id, keys, at)
        await marks.mark(tx, organisation_id, {key: "no page of its list had it" for key in keys}, at)

    async def _failed(self, organisation_id: str, lease: str, turn: Turn, error: TillwrightError) -> None:
        place, at = turn.place, self._clock.now()
        gone = bool(place.cursor_id) and isinstance(error, StripeFailure) and error.param == "starting_after"
        async with self._database.tenant(organisation_id) as tx:
            if place.parent_id and isinstance(error, StripeFailure) and error.stripe_code == "resource_missing":
                await store.skip_parent(tx, organisation_id, lease, turn, at + PACE)
                return
            if gone and (place.parent_id or not BY_OBJECT[place.object].by_created):
                await store.restart(tx, organisation_id, lease, turn, at + PACE)
                return
            bound = place.cursor_created if gone else None
            next_at = at + (PACE if gone else wait_after(error, place.failures))
            await store.fail(tx, organisation_id, lease, turn, as_data(error), bound=bound, next_at=next_at)

    async def prove_now(self, principal: Principal, *, livemode: bool | None = None) -> int:
        """Compare every list that was read, from its start, as fast as the rate budget lets it; returns the pages.

        What a worker compares meanwhile is waited for; what cannot be compared is left with its error.

        Raises:
            Denied: the caller may not.
        """
        principal.require("mirror:write")
        organisation_id, since = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            await store.begin(tx, organisation_id, since)
            await store.now_due(tx, organisation_id, livemode, since)
        read = 0
        while True:
            if pages_read := await self.turn(organisation_id, pace=timedelta()):
                read += pages_read
                continue
            async with self._database.tenant(organisation_id) as tx:
                if not await store.unfinished(tx, organisation_id, livemode, since):
                    return read
            await self._clock.sleep(PACE.total_seconds())

    async def settle(self) -> int:
        """Look again at drift that may have been a late event; begin to prove lists that were just read."""
        async with self._database.open() as tx:
            organisations = await store.organisations(tx, self._clock.now() + REST * 2)
        for organisation_id in organisations:
            async with self._database.tenant(organisation_id) as tx:
                await store.settle(tx, organisation_id, self._clock.now(), LATE)
        return 0


def _by_month(copies: Sequence[FetchedCopy], found: Sequence[Finding]) -> tuple[Counter[date], Counter[date]]:
    return Counter(map(_month, copies)), Counter(_month(each.copy) for each in found)


def _month(copy: FetchedCopy) -> date:
    created = (copy.body or {}).get("created")
    return from_unix(created if isinstance(created, int) else 0).date().replace(day=1)
