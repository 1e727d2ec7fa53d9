"""One reading of a connected account: counts what it asks, keeps whole lists for a minute, ends when access has."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from tillwright.domains.connections import cache_store
from tillwright.domains.connections.model import Connection
from tillwright.gateways.database import Database
from tillwright.gateways.stripe import facts
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.errors import AccountRefused, StripeAbsent
from tillwright.kit import ids
from tillwright.kit.clock import Clock

CACHED_FOR = timedelta(seconds=60)
MOST_PAGES = 400
"""Pages of 100 that one list is read to; what lies behind them is said to be left out."""

Ended = Callable[[Connection], Awaitable[Exception]]


@dataclass(frozen=True)
class Listing:
    """A list as read. `whole`: to its end. `requests` is what it cost at Stripe just now, 0 from the cache."""

    items: list[dict[str, Any]]
    whole: bool
    requests: int
    read: datetime


class Reading:
    """What one question may read. Nothing here can send anything but GET, or to another account.

    `calls` counts what was sent to Stripe, by method and path.
    """

    def __init__(
        self,
        connection: Connection,
        platform: Access,
        *,
        reader: ConnectedReader,
        database: Database,
        clock: Clock,
        ended: Ended,
    ) -> None:
        self.connection = connection
        self.calls: Counter[str] = Counter()
        self._platform = platform
        self._reader = reader
        self._database = database
        self._clock = clock
        self._ended = ended

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """One object; None where there is none.

        Raises:
            Denied: not on the list of what may be read, or Stripe has ended our access.
            StripeFailure: what else Stripe said.
        """
        self._count(path)
        try:
            return (await self._reader.get(self._platform, self.connection.account_id, path, params)).body
        except StripeAbsent:
            return None
        except AccountRefused:
            error = await self._ended(self.connection)
        raise error

    async def all(self, path: str, params: Mapping[str, Any] | None = None, *, most_pages: int = MOST_PAGES) -> Listing:
        """A list to its end, or `most_pages`; errors as for `get`."""
        key = ids.digest(path, orjson.dumps(params or {}, option=orjson.OPT_SORT_KEYS).decode(), str(most_pages))
        kept = await self._kept(key)
        if kept is not None:
            return kept
        read, pages = self._clock.now(), 0
        items: list[dict[str, Any]] = []
        whole = True
        error: Exception | None = None
        try:
            async for page in self._reader.pages(self._platform, self.connection.account_id, path, params):
                self._count(path)
                pages += 1
                items += page.items
                if pages >= most_pages and page.body.get("has_more"):
                    whole = False
                    break
        except AccountRefused:
            error = await self._ended(self.connection)
        if error:
            raise error
        listing = Listing(items, whole, pages, read)
        await self._keep(key, listing)
        return listing

    def _count(self, path: str) -> None:
        self.calls[f"GET {facts.template_of(path)}"] += 1

    async def _kept(self, key: str) -> Listing | None:
        organisation_id, now = self.connection.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            row = await cache_store.get(tx, organisation_id, self.connection.id, key, now)
        if row is None:
            return None
        held = orjson.loads(zlib.decompress(row["body"]))
        return Listing(held["items"], held["whole"], 0, row["read"])

    async def _keep(self, key: str, listing: Listing) -> None:
        body = zlib.compress(orjson.dumps({"items": listing.items, "whole": listing.whole}), 1)
        organisation_id = self.connection.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            await cache_store.put(
                tx,
                organisation_id,
                self.connection.id,
                key,
                body=body,
                requests=listing.requests,
                read=listing.read,
                expires=listing.read + CACHED_FOR,
            )
