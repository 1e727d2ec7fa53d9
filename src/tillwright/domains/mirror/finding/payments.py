"""Payments: payment intents, and the charges that no payment intent made, in one order."""

from __future__ import annotations

from collections.abc import Sequence

from tillwright.domains.mirror import store
from tillwright.domains.mirror.columns import UNDATED
from tillwright.domains.mirror.finding import bare_store
from tillwright.domains.mirror.finding import store as finding
from tillwright.domains.mirror.finding.amounts import Amounts
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.places import before, pattern, place
from tillwright.gateways.database import Tx
from tillwright.kit.pages import Page, page_of

BARE = bare_store.BARE
"""The condition of a charge that is a payment by itself; of `mirror_objects` of type `charge`."""


class Payments:
    """Each verb answers a page, newest first, without the deleted; raises Invalid for a cursor of another list."""

    async def list(
        self, tx: Tx, *, livemode: bool, search: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[MirrorObject]:
        """All of them, or those with a text in their id, description or receipt address."""
        at, words = before(cursor), pattern(search)
        intents = await store.page(
            tx, livemode, "payment_intent", pattern=words, filters={}, before=at, limit=limit + 1
        )
        if words is None:
            charges = await bare_store.newest(tx, livemode, at, limit + 1)
        else:
            charges = await bare_store.searched(tx, livemode, words, at, limit + 1)
        return _together(intents, charges, limit)

    async def of_amount(
        self, tx: Tx, wanted: Amounts, *, livemode: bool, cursor: str | None = None, limit: int = 50
    ) -> Page[MirrorObject]:
        """Those of an amount (see `amounts`)."""
        at = before(cursor)
        intents = await finding.payments_of_amount(tx, livemode, wanted, at, limit + 1)
        return _together(intents, await bare_store.of_amount(tx, livemode, wanted, at, limit + 1), limit)

    async def of_customers(
        self, tx: Tx, customers: Sequence[str], *, livemode: bool, cursor: str | None = None, limit: int = 50
    ) -> Page[MirrorObject]:
        """Those of any of these customers."""
        at = before(cursor)
        intents = await finding.of_customers(tx, livemode, "payment_intent", customers, at, limit + 1)
        charges = await bare_store.newest(tx, livemode, at, limit + 1, customers=customers)
        return _together(intents, charges, limit)


def _together(one: Sequence[MirrorObject], other: Sequence[MirrorObject], limit: int) -> Page[MirrorObject]:
    rows = sorted((*one, *other), key=lambda row: (row.created or UNDATED, row.id), reverse=True)
    return page_of(rows[: limit + 1], limit, place)
