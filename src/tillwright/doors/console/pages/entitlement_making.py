"""Making an entitlement by hand: for a customer, to a product, from a day to a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from tillwright.domains.mirror.model import MirrorObject
from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.pages.connecting import problems_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Invalid, Problem, TillwrightError

_OFFERED = 200
"""Customers and products that the fields suggest; any other can be typed by its id."""
_FIELDS = ("buyerId", "productId", "name", "startDate", "endDate")


async def form(visit: Visit) -> Response:
    """An empty form, or one for the customer that the address names."""
    visit.principal.require("entitlement:write")
    return await _shown(visit, {"buyerId": visit.query("customer")})


async def make(visit: Visit) -> Response:
    """Make it and show it."""
    visit.principal.require("entitlement:write")
    typed = {name: visit.text(name).strip() for name in _FIELDS}
    try:
        made = await visit.house.entitlements.create(
            visit.principal,
            buyer_id=await _customer(visit, typed["buyerId"]),
            price_id=typed["productId"] if typed["productId"].startswith("price_") else None,
            product_id=None if typed["productId"].startswith("price_") else typed["productId"],
            name=typed["name"],
            start=typed["startDate"] or None,
            end=typed["endDate"] or None,
        )
    except (Invalid, Conflict) as error:
        return await _shown(visit, typed, error)
    return visit.go(f"/entitlements/{made.id}", done="entitlement-made")


async def _customer(visit: Visit, text: str) -> str:
    """An id as it is; a name or an address becomes the id of the one customer who has it.

    Raises:
        Invalid: nobody has it, or several do.
    """
    if not text or text.startswith("cus_"):
        return text
    found = [row for row in await _list(visit, "customer", 3, text) if not row.deleted]
    if len(found) == 1:
        return found[0].id
    several = f"Several customers answer to {text[:60]!r}."
    sentence = several if found else f"No customer answers to {text[:60]!r}."
    raise Invalid.many([Problem("buyer_unclear", sentence, "buyerId", "Give the customer’s id, cus_….")])


async def _shown(visit: Visit, typed: Mapping[str, str], error: TillwrightError | None = None) -> Response:
    mirrored.connected(visit)
    customers, products = await _list(visit, "customer", _OFFERED), await _list(visit, "product", _OFFERED)
    problems: Sequence[Any] = problems_of(error) if error else []
    # Where a price was given, the form has one field for both.
    problems = [replace(one, field="productId") if one.field == "offerId" else one for one in problems]
    return visit.html(
        "pages/entitlement_new.html",
        status=STATUS[error.family] if error else 200,
        section="entitlements",
        typed={name: typed.get(name, "") for name in _FIELDS},
        customers=[(row.id, stripe_words.customer_name(row.body)) for row in customers if not row.deleted],
        products=[(row.id, str(row.body.get("name") or row.id)) for row in products if not row.deleted],
        problems=problems,
    )


async def _list(visit: Visit, object_type: str, limit: int, search: str | None = None) -> Sequence[MirrorObject]:
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        page = await visit.house.mirror.list(
            tx, object_type, livemode=mirrored.connected(visit), search=search, limit=limit
        )
    return page.items


PAGES = (("GET", "/entitlements/new", form), ("POST", "/entitlements", make))
