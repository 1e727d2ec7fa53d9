"""Which term a purchase has: what is set for its price, else for its product, else metadata, else the default. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.domains.entitlements import terms
from tillwright.domains.entitlements.purchases.model import PurchaseTerm
from tillwright.domains.entitlements.terms import Length


def length(
    said: Sequence[PurchaseTerm],
    price_id: str | None,
    product_id: str | None,
    paid: datetime,
    by_metadata: Length | None,
) -> Length | None:
    """The term granted by what was paid then; None grants nothing.

    Args:
        said: the rows of these two and of the default, of one mode.
        by_metadata: what the price or the product itself says at Stripe.
    """
    for object_id in (price_id, product_id):
        row = _at(said, object_id, paid) if object_id else None
        if row is not None:
            return terms.parse(row.term)
    if by_metadata is not None:
        return by_metadata
    # A line without a price and a product is an amount somebody typed: no setting can mean it.
    row = _at(said, None, paid) if price_id or product_id else None
    return terms.parse(row.term) if row else None


def _at(said: Sequence[PurchaseTerm], object_id: str | None, paid: datetime) -> PurchaseTerm | None:
    rows = [row for row in said if row.object_id == object_id and row.since <= paid]
    return max(rows, key=lambda row: row.since, default=None)
