"""What a customer was given: the discounts of themselves, their subscriptions and their invoices.

Stripe has no list of discounts, and names those of a subscription or an invoice by id only. What no event told of is
therefore asked for once, with the list they hang on, and kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tillwright.domains.billing.reading import text_of
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.model import FetchedCopy, MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit.clock import Clock
from tillwright.kit.errors import TillwrightError

_HOLDERS = ("subscription", "invoice")
_LISTS = {
    "subscription": ("/v1/subscriptions", ["data.discounts", "data.items.data.discounts"]),
    "invoice": ("/v1/invoices", ["data.discounts"]),
}
MOST = 100
"""Subscriptions and invoices of a customer that are looked at, the newest of each."""
_PATIENCE = 3.0  # seconds that a page waits for Stripe


@dataclass(frozen=True)
class Given:
    """A discount and what it hangs on: `customer`, `subscription` or `invoice`, and its id.

    `body` is empty where only its id is known; a deleted one's says so.
    """

    id: str
    on: str
    on_id: str
    body: Mapping[str, Any]


def named(holder: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(id, body) of the discounts that a subscription or an invoice names, in any API version; no body for an id."""
    rows: list[Any] = [holder.get("discount"), *(holder.get("discounts") or [])]
    items: dict[str, Any] = holder.get("items") or {}
    parts: list[dict[str, Any]] = items.get("data") or []
    for item in parts:
        rows.extend(item.get("discounts") or [])
    for row in rows:
        if isinstance(row, str) and row:
            yield row, {}
        elif isinstance(row, dict) and (body := cast("dict[str, Any]", row)).get("id"):
            yield str(body["id"]), body


class Discounts:
    """Reads for a caller, in the mode its organisation is connected in."""

    def __init__(
        self, *, database: Database, clock: Clock, integrations: Integrations, mirror: Mirror, reader: StripeReader
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._mirror = mirror
        self._reader = reader

    async def of_customer(self, principal: Principal, customer: MirrorObject) -> Sequence[Given]:
        """Every discount that is known, newest first; of those known by id only, Stripe is asked if it answers soon."""
        principal.require("mirror:read")
        found, known = await self._look(principal, customer)
        missing = {given.on for given in found if not given.body}
        if missing and await self._ask(principal, customer, missing, {given.id for given in found if not given.body}):
            found, known = await self._look(principal, customer)
        told = [Given(one.id, *_hangs_on(one.body, customer.id), one.body) for one in known]
        mine: dict[str, Given] = {given.id: given for given in told}
        for given in found:  # what names them says best where they hang
            mine[given.id] = Given(given.id, given.on, given.on_id, given.body or mine.get(given.id, given).body)
        return sorted(mine.values(), key=lambda given: (-int(given.body.get("start") or 0), given.id))

    async def _look(
        self, principal: Principal, customer: MirrorObject
    ) -> tuple[Sequence[Given], Sequence[MirrorObject]]:
        """Those that something names, and those that the mirror has by themselves."""
        mode = customer.livemode
        async with self._database.tenant(principal.organisation_id) as tx:
            held = {
                kind: (await self._mirror.list(
                    tx, kind, livemode=mode, filters={"customer": customer.id}, limit=MOST
                )).items
                for kind in (*_HOLDERS, "discount")
            }  # fmt: skip
            names = [
                Given(name, kind, row.id, body)
                for kind in _HOLDERS
                for row in held[kind]
                for name, body in named(row.body)
            ]
            names.extend(Given(name, "customer", customer.id, body) for name, body in named(_own(customer)))
            bodies = await self._mirror.of_ids(tx, "discount", sorted({given.id for given in names}), livemode=mode)
        found: dict[str, Given] = {}
        for given in names:
            row = bodies.get(given.id)
            body = given.body or ({**row.body, "deleted": row.deleted or row.body.get("deleted")} if row else {})
            found.setdefault(given.id, Given(given.id, given.on, given.on_id, body))
        return list(found.values()), held["discount"]

    async def _ask(self, principal: Principal, customer: MirrorObject, kinds: set[str], wanted: set[str]) -> bool:
        """Whether any more is known now."""
        copies: list[FetchedCopy] = []
        with contextlib.suppress(TillwrightError):  # the page shows what there is
            access = await self._integrations.access(
                principal.organisation_id, livemode=customer.livemode, why=f"discounts of {customer.id}"
            )
            for kind in sorted(kinds & set(_LISTS)):
                path, expand = _LISTS[kind]
                params: dict[str, Any] = {"customer": customer.id, "limit": MOST, "expand": expand}
                if kind == "subscription":
                    params["status"] = "all"
                began = self._clock.now()
                body = (await self._reader.get(access, path, params, deadline=_PATIENCE)).body
                rows: list[dict[str, Any]] = body.get("data") or []
                copies.extend(
                    FetchedCopy(customer.livemode, "discount", name, access.account_id, began, True, dict(one))
                    for row in rows
                    for name, one in named(row)
                    if one and name in wanted
                )
        if copies:
            async with self._database.tenant(principal.organisation_id) as tx:
                await self._mirror.keep(tx, principal.organisation_id, copies)
        return bool(copies)


def _own(customer: MirrorObject) -> Mapping[str, Any]:
    return {"discount": customer.body.get("discount")}


def _hangs_on(body: Mapping[str, Any], customer_id: str) -> tuple[str, str]:
    for kind in ("subscription", "invoice"):
        if at := text_of(body, kind):
            return kind, at
    return "customer", customer_id
