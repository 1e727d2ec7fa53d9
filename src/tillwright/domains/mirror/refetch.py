"""Settling doubts: fetch each marked object again, one worker an object, under the account's rate budget."""

from __future__ import annotations

import asyncio

from tillwright.domains.mirror import store as objects
from tillwright.domains.mirror.apply import SKEW
from tillwright.domains.mirror.failures import as_data, wait_after
from tillwright.domains.mirror.intake import take_in
from tillwright.domains.mirror.keys import Keys
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.domains.mirror.marks import store
from tillwright.domains.mirror.marks.store import Mark
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeAbsent
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, TillwrightError

_AT_ONCE = 100  # objects that one round of `settle` takes on: fetched well within their lease


class Refetch:
    """Fetches what is marked."""

    def __init__(self, *, clock: Clock, database: Database, keys: Keys, reader: StripeReader) -> None:
        self._clock = clock
        self._database = database
        self._keys = keys
        self._reader = reader

    async def step(self, *, limit: int = 20, parallel: int = 4) -> int:
        """Fetch up to `limit` objects of each organisation that has some due; returns how many were settled."""
        async with self._database.open() as tx:
            organisations = await store.organisations(tx, self._clock.now())
        room = asyncio.Semaphore(parallel)
        settled = await asyncio.gather(*(self._organisation(each, limit, room) for each in organisations))
        return sum(settled)

    async def settle(self, organisation_id: str, *, parallel: int = 4) -> int:
        """Fetch what is in doubt by now, however long it takes, and leave what can't be; returns how many were settled.

        A mark is due a moment after it was made, and another process may be at it: both are waited for.
        """
        room, before, settled = asyncio.Semaphore(parallel), self._clock.now(), 0
        while True:
            just_now = await self._organisation(organisation_id, _AT_ONCE, room)
            settled += just_now
            async with self._database.tenant(organisation_id) as tx:
                if not await store.untried(tx, organisation_id, before):
                    return settled
            if not just_now:
                await self._clock.sleep(SKEW.total_seconds())

    async def _organisation(self, organisation_id: str, limit: int, room: asyncio.Semaphore) -> int:
        lease = ids.token(12)
        async with room, self._database.tenant(organisation_id) as tx:
            marks = await store.claim(tx, organisation_id, lease, self._clock.now(), limit)

        # Each opening of the key is an entry in the audit trail: one a round and mode, not one an object.
        keys = {mode: self._access(organisation_id, mode) for mode in {mark.key[0] for mark in marks}}
        opened = dict(zip(keys, await asyncio.gather(*keys.values()), strict=True))

        async def one(mark: Mark) -> bool:
            async with room:
                return await self._settle(organisation_id, lease, mark, opened[mark.key[0]])

        return sum(await asyncio.gather(*(one(mark) for mark in marks)))

    async def _access(self, organisation_id: str, livemode: bool) -> Access | TillwrightError:
        try:
            return await self._keys.access(organisation_id, livemode=livemode, why="fetch objects in doubt")
        except TillwrightError as error:
            return error

    async def _settle(self, organisation_id: str, lease: str, mark: Mark, access: Access | TillwrightError) -> bool:
        try:
            if isinstance(access, TillwrightError):
                raise access
            copy = await self._fetch(access, mark)
        except TillwrightError as error:
            later = self._clock.now() + wait_after(error, mark.failures)
            async with self._database.tenant(organisation_id) as tx:
                await store.postpone(tx, organisation_id, lease, mark.key, later, as_data(error))
            return False
        async with self._database.tenant(organisation_id) as tx:
            # In the order in which events are taken in, the type's lock before the mark: else the two block each other.
            await objects.lock(tx, organisation_id, [mark.key])
            # The mark goes before the copy: if the copy leaves a doubt, taking it in makes a new one.
            if await store.settle(tx, organisation_id, lease, mark.key):
                await take_in(tx, organisation_id, [copy], self._clock.now())
        return True

    async def _fetch(self, access: Access, mark: Mark) -> FetchedCopy:
        livemode, object_type, object_id = mark.key
        kind = BY_OBJECT.get(object_type)
        path = kind.path_of(object_id, mark.parent) if kind else None
        if kind is None or path is None:
            raise Absent("mirror_kind_unknown", f"Nobody knows where to fetch a {object_type} called {object_id!r}.")
        began = self._clock.now()
        try:
            body = (await self._reader.get(access, path, lane="bulk")).body
        except StripeAbsent:
            # A key of another account is told "no such object" as well; what can't be deleted did not vanish.
            if not kind.deletable:
                raise
            body = None
        if body is not None and body.get("deleted") is True:
            body = None
        if body is not None and (body.get("id"), body.get("object")) != (object_id, object_type):
            raise Conflict(
                "mirror_other_object", f"Stripe answered with another object than {object_type} {object_id}."
            )
        if body is not None and body.get("livemode", livemode) is not livemode:
            raise Conflict("mirror_other_mode", f"Stripe answered with {object_type} {object_id} of the other mode.")
        return FetchedCopy(livemode, object_type, object_id, access.account_id, began, listed=False, body=body)
