"""Coupons and their promotion codes, from the mirror."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.visit import Visit


async def index(visit: Visit) -> Response:
    """The list, with search and pages."""
    page = await mirrored.listing(visit, "coupon")
    return visit.html(
        "pages/coupons.html",
        section="coupons",
        page=page,
        query=visit.query("q"),
        first=not visit.query("cursor"),
        filling=not page.items and await mirrored.filling(visit),
        plural_name="coupons",
        request_path="/coupons",
        words=stripe_words,
    )


async def show(visit: Visit) -> Response:
    """One coupon with the codes that give it."""
    row = await mirrored.one(visit, "coupon", visit.request.path_params["id"])
    codes = await mirrored.referring(
        visit, "promotion_code", lambda body: stripe_words.coupon_of_code(body) == row.id, since=row.created
    )
    return visit.html(
        "pages/coupon.html",
        section="coupons",
        row=row,
        coupon=row.body,
        codes=codes.rows,
        whole=codes.whole,
        names=await mirrored.customer_names(visit, (stripe_words.id_of(c.body.get("customer")) for c in codes.rows)),
        words=stripe_words,
    )


PAGES = (("GET", "/coupons", index), ("GET", "/coupons/{id:path}", show))
