"""A user's own account as a source: everything is read through their connection, GET by GET."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.assistant.kinds import Kind
from tillwright.domains.assistant.source import Rows, Span
from tillwright.domains.connections import Reading
from tillwright.gateways.stripe.errors import NoSuchEndpoint, PermissionMissing, StripeAbsent
from tillwright.kit.clock import Clock, to_unix


class ConnectedSource:
    """One question's view of a connection."""

    via = "connection"

    def __init__(self, reading: Reading, clock: Clock) -> None:
        self._reading = reading
        self._clock = clock

    @property
    def account_id(self) -> str:
        return self._reading.connection.account_id

    @property
    def account_name(self) -> str | None:
        return self._reading.connection.account_name

    @property
    def livemode(self) -> bool:
        return self._reading.connection.livemode

    @property
    def calls(self) -> Mapping[str, int]:
        return self._reading.calls

    async def rows(self, kind: Kind, *, customer: str | None = None, span: Span | None = None) -> Rows:
        params: dict[str, Any] = dict(kind.params)
        if customer and kind.name in _BY_CUSTOMER:
            params["customer"] = customer
        if span and (span.start or span.end):
            created = {"gte": span.start and to_unix(span.start), "lt": span.end and to_unix(span.end)}
            params["created"] = {name: value for name, value in created.items() if value is not None}
        return await self._listed(kind.path, params, kind.title)

    async def one(self, kind: Kind, object_id: str) -> dict[str, Any] | None:
        return await self._reading.get(f"{kind.path}/{object_id}")

    async def related(self, path: str, params: Mapping[str, Any]) -> Rows:
        return await self._listed(path, params, path.rsplit("/", 1)[-1].replace("_", " ").capitalize())

    async def single(self, path: str) -> dict[str, Any] | None:
        return await self._reading.get(path)

    async def _listed(self, path: str, params: Mapping[str, Any], title: str) -> Rows:
        try:
            listing = await self._reading.all(path, params)
        except PermissionMissing:
            return Rows([], self._clock.now(), f"{title}: not permitted to the platform's key")
        except NoSuchEndpoint:
            return Rows([], self._clock.now(), f"{title}: not offered to this account")
        except StripeAbsent:
            return Rows([], self._clock.now())  # what it was narrowed by is not in this account
        gap = (
            None if listing.whole else f"{title}: only the newest {len(listing.items):,} were read, older ones left out"
        )
        return Rows(listing.items, listing.read, gap)


_BY_CUSTOMER = frozenset({"invoices", "payments", "subscriptions", "payment_intents", "promotion_codes"})
