"""Looking up what the public API calls buyers, wallets, invoices and payment transactions, in the mirror."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, cast

from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit import query
from tillwright.kit.errors import Absent
from tillwright.kit.query import Column, Where

NEWEST_FIRST: LiteralString = "created desc, id desc"


@dataclass(frozen=True)
class View:
    """What one of the API's things is at Stripe: object types, and the columns people may ask by and sort by."""

    name: str
    objects: tuple[str, ...]
    columns: Mapping[str, Column]
    only: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])
    """Of some of the types, which of their objects."""


@dataclass(frozen=True)
class Found:
    """One cut of a list; of a `query`, `total` counts all that was asked for."""

    rows: Sequence[MirrorObject]
    total: int


def equal(columns: Mapping[str, Column], **wanted: str | None) -> Where:
    """The condition that these columns have these values; None asks for nothing."""
    parts: list[LiteralString] = []
    values: list[str] = []
    for name, value in wanted.items():
        if value is not None:
            parts.append(columns[name].sql + " = %s")
            values.append(value)
    return Where(" and ".join(parts), tuple(values)) if parts else Where()


class Reading:
    """Reads for a caller, in the mode its organisation is connected in."""

    def __init__(self, *, database: Database, integrations: Integrations, mirror: Mirror) -> None:
        self._database = database
        self._integrations = integrations
        self._mirror = mirror

    async def livemode(self, principal: Principal) -> bool:
        """Raises Absent if Stripe is not connected."""
        principal.require("mirror:read")
        return (await self._integrations.of(principal.organisation_id)).livemode

    async def connected(self, principal: Principal) -> bool:
        try:
            await self.livemode(principal)
        except Absent:
            return False
        return True

    async def list(self, principal: Principal, view: View, where: Where, *, limit: int, offset: int) -> Found:
        """Newest first, and not counted; empty while Stripe is not connected."""
        return await self._find(principal, view, where, NEWEST_FIRST, limit, offset, counted=False)

    async def query(
        self, principal: Principal, view: View, q: str | None, s: str | None, *, limit: int, offset: int
    ) -> Found:
        """What a filter and a sort ask for (see `kit.query`).

        Raises:
            Invalid: the filter or the sort is not one of this view.
        """
        where, order = query.where(q, view.columns), query.order(s, view.columns, NEWEST_FIRST)
        return await self._find(principal, view, where, order, limit, offset)

    async def get(self, principal: Principal, view: View, object_id: str) -> MirrorObject:
        """One object of a view; a deleted one is not there.

        Raises:
            Absent: there is none.
        """
        found = await self._find(principal, view, Where("id = %s", (object_id,)), NEWEST_FIRST, 1, 0, counted=False)
        if not found.rows:
            raise Absent(
                f"{view.name}_absent",
                f"There is no {view.name.replace('_', ' ')} {object_id[:60]}.",
                remedy="Check the id and the mode; if it was just made at Stripe, wait a moment.",
            )
        return found.rows[0]

    async def of_intents(
        self, principal: Principal, object_type: str, intents: Sequence[str]
    ) -> Sequence[MirrorObject]:
        """Charges, refunds or disputes of these payments (see `Mirror.of_intents`), newest first."""
        livemode = await self.livemode(principal)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._mirror.of_intents(tx, object_type, intents, livemode=livemode)

    async def invoice_links(
        self, principal: Principal, *, intents: Sequence[str] = (), invoices: Sequence[str] = ()
    ) -> Sequence[tuple[str, str]]:
        """(payment, invoice) of the invoice payments that name one of these."""
        livemode = await self.livemode(principal)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._mirror.invoice_links(tx, intents, invoices, livemode=livemode)

    async def of_ids(self, principal: Principal, object_type: str, ids: Sequence[str]) -> Mapping[str, MirrorObject]:
        """Those of these objects that are here, by id."""
        livemode = await self.livemode(principal)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._mirror.of_ids(tx, object_type, ids, livemode=livemode)

    async def _find(
        self,
        principal: Principal,
        view: View,
        where: Where,
        order: LiteralString,
        limit: int,
        offset: int,
        *,
        counted: bool = True,
    ) -> Found:
        try:
            livemode = await self.livemode(principal)
        except Absent:
            return Found([], 0)
        async with self._database.tenant(principal.organisation_id) as tx:
            rows, total = await self._mirror.find(
                tx,
                view.objects,
                livemode=livemode,
                where=where,
                order=order,
                limit=limit,
                offset=offset,
                only=view.only,
                counted=counted,
            )
        return Found(rows, total)


def text_of(body: Mapping[str, Any], name: str) -> str:
    """The id in an expandable field, empty where there is none."""
    value: Any = body.get(name)
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("id")
    return value if isinstance(value, str) else ""
