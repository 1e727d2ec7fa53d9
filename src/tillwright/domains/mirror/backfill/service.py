"""Reading Stripe's lists: a page and the cursor behind it are committed together; a kill costs the page in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tillwright.domains.mirror.backfill import pages, store
from tillwright.domains.mirror.backfill.pages import Place, Read
from tillwright.domains.mirror.backfill.writers import Writers
from tillwright.domains.mirror.failures import as_data, lasting, wait_after
from tillwright.domains.mirror.intake import take_in
from tillwright.domains.mirror.keys import Keys
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.domains.mirror.model import BackfillState, FetchedCopy
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.database.group_commit import turn_to
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import NoSuchEndpoint, PermissionMissing, RequestRefused, StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Conflict, TillwrightError

TURN = 10  # pages that a reader takes of one range before it looks who else is waiting
STEP = 100
"""Pages a reader and step, if not said: at its end all readers wait for the last of them."""
_KEY_FOR = timedelta(seconds=10)  # that an opened key is used, so that a rotated one is soon found out
_BATCH = 6  # pages a commit, at most
WRITERS = 4
"""Commits of a process that are under way at the same time, each with lists of its own."""
_MOST_FAILURES = 12  # in a row; about two hours with the waits between


@dataclass(frozen=True, slots=True)
class _Claim:
    organisation_id: str
    lease: str
    place: Place

    @property
    def of(self) -> tuple[str, bool, str]:
        """The list that the range is of."""
        return self.organisation_id, self.place.livemode, self.place.object


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that was read and wants to be written; `keep`: its reader goes on with the range."""

    claim: _Claim
    read: Read
    over: bool
    keep: bool


class Backfill:
    """Any number of processes may step at once: a range is one reader's at a time.

    `ended` is called in the transaction in which a list may have come to its end.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        keys: Keys,
        reader: StripeReader,
        ended: Callable[[Tx, str], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._database = database
        self._keys = keys
        self._reader = reader
        self._ended = ended
        self._writers: Writers[_Page, Place | None] = Writers(self._write, number=WRITERS, largest=_BATCH)
        # Organisations and leases of readers that the database failed: what it kept of their last word is unknown.
        self._left: list[tuple[str, str]] = []

    async def step(self, *, parallel: int = 4, most: int | None = None) -> int:
        """Read pages, `parallel` at a time, turn by turn over the organisations; returns how many.

        Ends when nothing is to do now, or about `most` pages were read.
        """
        most = parallel * STEP if most is None else most
        step = _Step(most, turn=max(1, min(TURN, most // parallel)))
        tasks: set[asyncio.Task[int]] = set()
        opened = _Opened(self._access, self._clock)
        left, self._left = self._left, []
        await self._let_go(left)
        try:
            while True:
                step.changed.clear()
                while len(tasks) < parallel and step.left > 0 and (claim := await self._claim()):
                    turn = min(step.turn, step.left)
                    step.left -= turn
                    tasks.add(asyncio.create_task(self._turn(claim, turn, opened, step)))
                if not tasks:
                    return step.read
                done = await step.wait(tasks)
                step.left += sum(task.result() for task in done)
                tasks -= done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self) -> _Claim | None:
        async with self._database.open() as tx:
            organisations = await store.organisations(tx, self._clock.now())
        for organisation_id in organisations:
            lease = ids.token(12)
            try:
                async with self._database.tenant(organisation_id) as tx:
                    place = await store.claim(tx, organisation_id, lease, self._clock.now())
            except TillwrightError:
                self._left.append((organisation_id, lease))
                raise
            if place is not None:
                return _Claim(organisation_id, lease, place)
        return None

    async def _turn(self, claim: _Claim, most: int, opened: _Opened, step: _Step) -> int:
        """Read up to `most` pages of a range; returns how many of them were not needed."""
        try:
            while most > 0:
                if claim.place.by_parent and claim.place.cursor_id is None:
                    claim = await self._next_parent(claim)
                    if claim.place.parent_id is None:
                        break
                access = await opened.key(claim.organisation_id, claim.place.livemode)
                place = await self._page(claim, access, keep=most > 1)
                most -= 1
                step.read += 1
                if place is None:
                    break
                if place.low != claim.place.low:
                    step.changed.set()  # the older part of the range is free for another reader
                claim = replace(claim, place=place)
        except asyncio.CancelledError:
            # A worker that is told to stop leaves the range to the next one at once, not when its lease is over.
            with suppress(TillwrightError):
                await self._let_go([(claim.organisation_id, claim.lease)])
            raise
        except TillwrightError:
            self._left.append((claim.organisation_id, claim.lease))
            raise
        step.changed.set()
        return most

    async def _let_go(self, leases: Sequence[tuple[str, str]]) -> None:
        """Leave ranges to whoever claims them next; where the database is away, our next step tries again."""
        if not leases:
            return
        try:
            async with self._database.open() as tx:
                for organisation_id, lease in leases:
                    await turn_to(tx, organisation_id)
                    await store.let_go(tx, organisation_id, lease)
        except TillwrightError:
            self._left += leases
            raise

    async def _access(self, organisation_id: str, livemode: bool) -> Access | TillwrightError:
        try:
            return await self._keys.access(organisation_id, livemode=livemode, why="backfill the mirror")
        except TillwrightError as error:
            return error

    async def _page(self, claim: _Claim, access: Access | TillwrightError, *, keep: bool) -> Place | None:
        """Read one page and write it; where to read on, None if the range is over or no longer ours."""
        try:
            if isinstance(access, TillwrightError):
                raise access
            began = self._clock.now()
            answer = await self._reader.get(access, *pages.request(claim.place), lane="bulk", deadline=_PATIENCE)
            read = pages.read(answer.body, claim.place, access.account_id, began)
        except TillwrightError as error:
            await self._failed(claim, error)
            return None
        over = not read.more and claim.place.parent_id is None
        place = await self._writers.submit(claim.of, _Page(claim, read, over, keep))
        return None if over else place

    async def _next_parent(self, claim: _Claim) -> _Claim:
        """The claim on the next parent's list; without one, the range is over."""
        async with self._database.tenant(claim.organisation_id) as tx:
            parent = await store.next_parent(tx, claim.organisation_id, claim.place)
            if parent is None:
                await store.end(tx, claim.organisation_id, claim.lease, claim.place, self._clock.now())
                await self._ended(tx, claim.organisation_id)
        return replace(claim, place=replace(claim.place, parent_id=parent))

    async def _write(self, batch: Sequence[_Page]) -> Sequence[Place | None]:
        """Pages of several organisations under one commit, each organisation's with one merge."""
        at = self._clock.now()
        written: dict[int, Place | None] = {}
        by_organisation: dict[str, list[tuple[int, _Page]]] = {}
        # One order of lists, too, so that two processes' writers never wait for each other.
        for number, page in sorted(enumerate(batch), key=lambda each: (each[1].claim.of, each[0])):
            by_organisation.setdefault(page.claim.organisation_id, []).append((number, page))
        async with self._database.open() as tx:
            for organisation_id in by_organisation:
                await turn_to(tx, organisation_id)
                copies: list[FetchedCopy] = []
                for number, page in by_organisation[organisation_id]:
                    claim = page.claim
                    written[number] = await store.advance(
                        tx, organisation_id, claim.lease, claim.place, page.read,
                        over=page.over, keep=page.keep, at=at,
                    )  # fmt: skip
                    if written[number] is not None:
                        copies += page.read.copies
                await take_in(tx, organisation_id, copies, at)
                if any(page.over for _, page in by_organisation[organisation_id]):
                    await self._ended(tx, organisation_id)
        return [written[number] for number in range(len(batch))]

    async def _failed(self, claim: _Claim, error: TillwrightError) -> None:
        at, place = self._clock.now(), claim.place
        mine = (claim.organisation_id, claim.lease, place)
        async with self._database.tenant(claim.organisation_id) as tx:
            if place.cursor_id and isinstance(error, StripeFailure) and error.param == "starting_after":
                plain = BY_OBJECT[place.object].by_created and not place.by_parent
                bound = place.cursor_created if plain else None
                await store.move(tx, *mine, bound=bound, at=at)
                return
            if place.parent_id and isinstance(error, StripeFailure) and error.stripe_code == "resource_missing":
                await store.skip_parent(tx, *mine, at)
                return
            await store.fail(
                tx, *mine, state=_state_after(error, place), error=as_data(error),
                next_at=at + wait_after(error, place.failures), at=at,
            )  # fmt: skip


class _Opened:
    """The keys of one step, each opened again after a while: an opening is an entry in the audit trail."""

    def __init__(self, open_key: Callable[[str, bool], Awaitable[Access | TillwrightError]], clock: Clock) -> None:
        self._open, self._clock = open_key, clock
        self._held: dict[tuple[str, bool], tuple[datetime, Access | TillwrightError]] = {}

    async def key(self, organisation_id: str, livemode: bool) -> Access | TillwrightError:
        at, mine = self._clock.now(), (organisation_id, livemode)
        held = self._held.get(mine)
        if held is None or at - held[0] > _KEY_FOR:
            held = self._held[mine] = (at, await self._open(organisation_id, livemode))
        return held[1]


class _Step:
    """What the readers of one step share: pages they may still read, pages read, and whether more is to claim."""

    def __init__(self, left: int, *, turn: int) -> None:
        self.left, self.read, self.turn = left, 0, turn
        self.changed = asyncio.Event()

    async def wait(self, tasks: set[asyncio.Task[int]]) -> set[asyncio.Task[int]]:
        """The turns that ended, once one did or there is something new to claim."""
        woken = asyncio.create_task(self.changed.wait())
        try:
            await asyncio.wait([*tasks, woken], return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        return {task for task in tasks if task.done()}


_PATIENCE = 60.0  # seconds that a page may wait for its turn in the rate budget and for its answer; under the lease


def _state_after(error: TillwrightError, place: Place) -> BackfillState:
    if isinstance(error, PermissionMissing):
        return BackfillState.DENIED
    if isinstance(error, NoSuchEndpoint):
        return BackfillState.ABSENT
    first = place.done == 0 and place.cursor_id is None and place.parent_id is None
    if isinstance(error, RequestRefused) and first and not isinstance(error, Conflict):
        # Asked in the plainest way there is, Stripe says no: the account was never set up for this.
        return BackfillState.ABSENT
    return BackfillState.FAILED if lasting(error) or place.failures >= _MOST_FAILURES else BackfillState.RUNNING
