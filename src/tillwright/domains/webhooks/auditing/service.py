"""Asking the one list."""

from __future__ import annotations

from collections.abc import Sequence

from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks.auditing import store
from tillwright.domains.webhooks.auditing.store import AuditingEvent
from tillwright.gateways.database import Database
from tillwright.kit import query


class Auditing:
    """The audit trail's entries, which prove themselves, beside Stripe's events, which are kept for a while."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def query(
        self, principal: Principal, *, q: str | None, s: str | None, limit: int, offset: int
    ) -> tuple[Sequence[AuditingEvent], int]:
        """Both by a filter and a sort (see `kit.query`), newest first, and how many the filter finds.

        `source` in a filter is TILLWRIGHT or STRIPE.

        Raises:
            Denied: the caller may not.
            Invalid: the filter or the sort is none.
        """
        principal.require("audit:read")
        condition = query.where(q, store.COLUMNS)
        order = query.order(s, store.COLUMNS, "at desc, number desc nulls last, id desc")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.query(tx, principal.organisation_id, condition, order, limit, offset)
