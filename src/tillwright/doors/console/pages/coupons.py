"""Coupons, their promotion codes, and who redeemed them, from the mirror."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.visit import Visit


async def index(visit: Visit) -> Response:
    """The coupons, with search and pages."""
    return await _list(visit, "coupon", "pages/coupons.html", "coupons", "/coupons")


async def codes(visit: Visit) -> Response:
    """The promotion codes, with search and pages."""
    return await _list(visit, "promotion_code", "pages/promotion_codes.html", "promotion codes", "/promotion-codes")


async def _list(visit: Visit, object_type: str, template: str, plural: str, path: str) -> Response:
    page = await mirrored.listing(visit, object_type)
    return visit.html(
        template,
        section="coupons",
        page=page,
        names=await mirrored.customer_names(visit, (stripe_words.id_of(r.body.get("customer")) for r in page.items)),
        query=visit.query("q"),
        first=not visit.query("cursor"),
        filling=not page.items and await mirrored.filling(visit),
        plural_name=plural,
        request_path=path,
        words=stripe_words,
    )


async def show(visit: Visit) -> Response:
    """One coupon with the codes that give it, and the discounts it gave."""
    row = await mirrored.one(visit, "coupon", visit.request.path_params["id"])
    codes, discounts, customers = await asyncio.gather(
        mirrored.of_coupon(visit, "promotion_code", row.id),
        mirrored.of_coupon(visit, "discount", row.id),
        mirrored.of_coupon(visit, "customer", row.id),
    )
    # A customer's own discount is told twice: by its event, and by the customer.
    redeemed: dict[str, Mapping[str, Any]] = {discount.id: discount.body for discount in discounts}
    for customer in customers:
        discount: Mapping[str, Any] = customer.body["discount"]
        redeemed.setdefault(str(discount.get("id") or customer.id), {"customer": customer.id, **discount})
    people = [stripe_words.id_of(body.get("customer")) for body in (*redeemed.values(), *(c.body for c in codes))]
    return visit.html(
        "pages/coupon.html",
        section="coupons",
        row=row,
        coupon=row.body,
        codes=codes,
        code_names={code.id: code.body.get("code") for code in codes},
        redemptions=sorted(redeemed.values(), key=lambda body: -(body.get("start") or 0)),
        part=mirrored.PART,
        names=await mirrored.customer_names(visit, people),
        words=stripe_words,
    )


PAGES = (("GET", "/coupons", index), ("GET", "/promotion-codes", codes), ("GET", "/coupons/{id:path}", show))
