"""Payments, from the mirror: payment intents with their charges and refunds."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.mirror.model import MirrorObject
from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Absent


async def index(visit: Visit) -> Response:
    """The list, with search and pages."""
    page = await mirrored.listing(visit, "payment_intent")
    return visit.html(
        "pages/payments.html",
        section="payments",
        page=page,
        names=await mirrored.customer_names(visit, (stripe_words.id_of(r.body.get("customer")) for r in page.items)),
        query=visit.query("q"),
        first=not visit.query("cursor"),
        filling=not page.items and await mirrored.filling(visit),
        plural_name="payments",
        request_path="/payments",
        words=stripe_words,
    )


async def show(visit: Visit) -> Response:
    """One payment with its customer, charges and refunds."""
    row = await mirrored.one(visit, "payment_intent", visit.request.path_params["id"])
    customer_id = stripe_words.id_of(row.body.get("customer"))
    charges = await mirrored.referring(
        visit,
        "charge",
        lambda body: stripe_words.id_of(body.get("payment_intent")) == row.id,
        since=row.created,
        customer=customer_id or None,
    )
    refunded = any((charge.body.get("amount_refunded") or 0) > 0 for charge in charges.rows)
    refunds = await mirrored.referring(
        visit,
        "refund",
        lambda body: refunded and stripe_words.id_of(body.get("payment_intent")) == row.id,
        since=row.created,
    )
    return visit.html(
        "pages/payment.html",
        section="payments",
        payment=row.body,
        customer=await _customer(visit, customer_id),
        charges=charges.rows,
        refunds=refunds.rows,
        whole=charges.whole and refunds.whole,
        words=stripe_words,
    )


async def _customer(visit: Visit, customer_id: str) -> MirrorObject | None:
    if not customer_id:
        return None
    try:
        return await mirrored.one(visit, "customer", customer_id)
    except Absent:
        return None  # not mirrored yet: the page shows the id


PAGES = (("GET", "/payments", index), ("GET", "/payments/{id}", show))
