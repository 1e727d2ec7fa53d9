"""Walking Stripe's lists: each page and the cursor behind it are committed together, so a kill costs one page."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, cast

from tillwright.domains.mirror.backfill import store
from tillwright.domains.mirror.backfill.store import Place
from tillwright.domains.mirror.columns import UNDATED
from tillwright.domains.mirror.failures import as_data, lasting, wait_after
from tillwright.domains.mirror.intake import take_in
from tillwright.domains.mirror.keys import Keys
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.domains.mirror.model import BackfillState, FetchedCopy
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import NoSuchEndpoint, PermissionMissing, StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.clock import Clock, from_unix, to_unix
from tillwright.kit.errors import Conflict, TillwrightError, Upstream

PAGE = 100
_MOST_FAILURES = 12  # in a row; about two hours with the waits between


class Backfill:
    """The verb of this part of the room."""

    def __init__(self, *, clock: Clock, database: Database, keys: Keys, reader: StripeReader) -> None:
        self._clock = clock
        self._database = database
        self._keys = keys
        self._reader = reader

    async def step(self, *, parallel: int = 4) -> int:
        """Read up to `parallel` pages, each of another list, turn by turn over the organisations; returns how many."""
        async with self._database.open() as tx:
            organisations = list(await store.organisations(tx, self._clock.now()))
        claims: list[tuple[str, str, Place]] = []
        while organisations and len(claims) < parallel:
            organisation_id, lease = organisations.pop(0), ids.token(12)
            async with self._database.tenant(organisation_id) as tx:
                place = await store.claim(tx, organisation_id, lease, self._clock.now())
            if place is not None:
                claims.append((organisation_id, lease, place))
                organisations.append(organisation_id)
        # Each opening of the key is an entry in the audit trail: one a round, not one a page.
        opened = {each: await self._access(*each) for each in {(claim[0], claim[2].livemode) for claim in claims}}
        await asyncio.gather(*(self._page(*claim, opened[claim[0], claim[2].livemode]) for claim in claims))
        return len(claims)

    async def _access(self, organisation_id: str, livemode: bool) -> Access | TillwrightError:
        try:
            return await self._keys.access(organisation_id, livemode=livemode, why="backfill the mirror")
        except TillwrightError as error:
            return error

    async def _page(self, organisation_id: str, lease: str, place: Place, access: Access | TillwrightError) -> None:
        try:
            if isinstance(access, TillwrightError):
                raise access
            began = self._clock.now()
            page = (await self._reader.get(access, *_request(place), lane="bulk")).body
            rows = _rows(page, place)
        except TillwrightError as error:
            await self._failed(organisation_id, lease, place, error)
            return
        copies = [_copy(place, access, began, row) for row in rows]
        at = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            over = page.get("has_more") is not True
            cursor = (copies[-1].id, _created(rows[-1])) if copies else None
            if await store.advance(
                tx, organisation_id, lease, place, cursor=cursor, rows=len(copies), over=over, at=at
            ):
                await take_in(tx, organisation_id, copies, at)

    async def _failed(self, organisation_id: str, lease: str, place: Place, error: TillwrightError) -> None:
        at = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            if place.cursor_id and isinstance(error, StripeFailure) and error.param == "starting_after":
                bound = place.cursor_created if BY_OBJECT[place.object].by_created else None
                await store.move(tx, organisation_id, lease, place, bound=bound, at=at)
                return
            state = _state_after(error, place.failures)
            next_at = at + wait_after(error, place.failures)
            await store.fail(
                tx, organisation_id, lease, place, state=state, error=as_data(error), next_at=next_at, at=at
            )


def _request(place: Place) -> tuple[str, dict[str, Any]]:
    kind = BY_OBJECT[place.object]
    params: dict[str, Any] = {**kind.params, "limit": PAGE}
    if place.cursor_id:
        params["starting_after"] = place.cursor_id
    if place.bound is not None:
        params["created"] = {"lte": to_unix(place.bound)}
    return kind.path, params


def _rows(page: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    data: Any = page.get("data")
    if not isinstance(data, list) or any(
        not isinstance(row, dict) or "id" not in row for row in cast("list[Any]", data)
    ):
        raise Upstream("stripe_list_malformed", f"Stripe's list of {place.object} objects is not a list of objects.")
    rows = cast("list[dict[str, Any]]", data)
    if page.get("has_more") is True and not rows:
        raise Upstream(
            "stripe_list_malformed", f"Stripe's list of {place.object} objects says there is more, and stops."
        )
    if any(row.get("livemode", place.livemode) is not place.livemode for row in rows):
        raise Conflict("mirror_other_mode", f"Stripe answered with {place.object} objects of the other mode.")
    return rows


def _copy(place: Place, access: Access, began: datetime, row: dict[str, Any]) -> FetchedCopy:
    body = None if row.get("deleted") is True else row
    return FetchedCopy(place.livemode, place.object, row["id"], access.account_id, began, listed=True, body=body)


def _created(row: dict[str, Any]) -> datetime:
    created = row.get("created")
    return from_unix(created) if isinstance(created, int) else UNDATED


def _state_after(error: TillwrightError, failures: int) -> BackfillState:
    if isinstance(error, PermissionMissing):
        return BackfillState.DENIED
    if isinstance(error, NoSuchEndpoint):
        return BackfillState.ABSENT
    return BackfillState.FAILED if lasting(error) or failures >= _MOST_FAILURES else BackfillState.RUNNING
