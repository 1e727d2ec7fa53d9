"""The organisation's own account as a source, from the mirror: no request is sent to Stripe at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.assistant.kinds import Kind, identity, pick
from tillwright.domains.assistant.source import Rows, Span
from tillwright.domains.mirror import Mirror
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent

_PAGE = 1000
_PATHS = {"/v1/invoice_payments": "invoice_payment"}


class MirroredSource:
    """`account_name` as the integration knows it."""

    via = "mirror"

    def __init__(
        self,
        *,
        mirror: Mirror,
        database: Database,
        clock: Clock,
        organisation_id: str,
        account_id: str,
        account_name: str | None,
        livemode: bool,
    ) -> None:
        self.account_id = account_id
        self.account_name = account_name
        self.livemode = livemode
        self.calls: Mapping[str, int] = {}
        self._mirror = mirror
        self._database = database
        self._clock = clock
        self._organisation_id = organisation_id

    async def rows(self, kind: Kind, *, customer: str | None = None, span: Span | None = None) -> Rows:
        filters: dict[str, Any] = {}
        if span and span.start:
            filters["created_from"] = span.start
        if span and span.end:
            filters["created_before"] = span.end
        items = await self._all(kind.object, filters)
        if customer:
            items = [item for item in items if identity(item.get("customer")) == customer]
        return Rows(items, self._clock.now(), await self._gap(kind.object, kind.title))

    async def one(self, kind: Kind, object_id: str) -> dict[str, Any] | None:
        async with self._database.tenant(self._organisation_id) as tx:
            try:
                found = await self._mirror.get(tx, kind.object, object_id, livemode=self.livemode)
            except Absent:
                return None
        return found.body | ({"deleted": True} if found.deleted else {})

    async def related(self, path: str, params: Mapping[str, Any]) -> Rows:
        object_type = _PATHS.get(path)
        items = await self._all(object_type, {}) if object_type else []
        wanted = {name: value for name, value in params.items() if isinstance(value, str)}
        kept = [item for item in items if all(identity(pick(item, name)) == value for name, value in wanted.items())]
        payment = params.get("payment")
        if isinstance(payment, Mapping):
            intent = str(payment.get("payment_intent"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            kept = [item for item in kept if identity(pick(item, "payment.payment_intent")) == intent]
        gap = await self._gap(object_type, object_type.replace("_", " ").capitalize() + "s") if object_type else None
        return Rows(kept, self._clock.now(), gap)

    async def single(self, path: str) -> dict[str, Any] | None:
        return None

    async def _all(self, object_type: str, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            async with self._database.tenant(self._organisation_id) as tx:
                page = await self._mirror.list(
                    tx, object_type, livemode=self.livemode, filters=filters, cursor=cursor, limit=_PAGE
                )
            items += [each.body for each in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return items

    async def _gap(self, object_type: str, title: str) -> str | None:
        async with self._database.tenant(self._organisation_id) as tx:
            progress = await self._mirror.backfill_progress(tx, livemode=self.livemode)
        state = next((each.state for each in progress if each.object == object_type), None)
        if state == "DONE":
            return None
        if state == "DENIED":
            return f"{title}: not permitted to the organisation's key"
        if state in ("WAITING", "RUNNING"):
            return f"{title}: still being brought in, so older ones may be missing"
        return f"{title}: only those that events told of, older ones may be missing"
