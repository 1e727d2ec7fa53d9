"""Payments, from the mirror: payment intents with their charges, refunds and disputes."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from tillwright.domains.mirror.finding.amounts import amounts_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Absent
from tillwright.kit.pages import Page

_PEOPLE = 50  # customers whose payments a search by mail shows


async def index(visit: Visit) -> Response:
    """The list, with search and pages."""
    page = await _found(visit)
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


async def _found(visit: Visit) -> Page[MirrorObject]:
    """By amount or by a customer's mail address, if it is one of these and finds something; else as every list."""
    wanted, stripe = visit.query("q"), visit.shell.stripe
    amounts = amounts_of(wanted)
    if stripe is None or not (amounts or "@" in wanted):
        return await mirrored.listing(visit, "payment_intent")
    mirror, mode, cursor = visit.house.mirror, stripe.livemode, visit.query("cursor") or None
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        if amounts:
            page = await mirror.payments_of_amount(tx, amounts, livemode=mode, cursor=cursor, limit=mirrored.PAGE)
        else:
            people = await mirror.list(tx, "customer", livemode=mode, search=wanted, limit=_PEOPLE)
            page = await mirror.of_customers(
                tx, "payment_intent", [row.id for row in people.items], livemode=mode, cursor=cursor,
                limit=mirrored.PAGE,
            )  # fmt: skip
    return page if page.items else await mirrored.listing(visit, "payment_intent")


async def show(visit: Visit) -> Response:
    """One payment with its customer, its invoice, charges, refunds and disputes."""
    row = await mirrored.one(visit, "payment_intent", visit.request.path_params["id"])
    charges, refunds, disputes, invoice, customer = await asyncio.gather(
        mirrored.of_intents(visit, "charge", [row.id]),
        mirrored.of_intents(visit, "refund", [row.id]),
        mirrored.of_intents(visit, "dispute", [row.id]),
        _invoice(visit, row.id),
        _customer(visit, stripe_words.id_of(row.body.get("customer"))),
    )
    return visit.html(
        "pages/payment.html",
        section="payments",
        payment=row.body,
        customer=customer,
        charges=charges,
        refunds=refunds,
        disputes=disputes,
        invoice=invoice,
        words=stripe_words,
    )


async def _invoice(visit: Visit, intent: str) -> str:
    """The id of the invoice it paid, empty where there is none."""
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        links = await visit.house.mirror.invoice_links(tx, [intent], [], livemode=mirrored.connected(visit))
    return links[0][1] if links else ""


async def _customer(visit: Visit, customer_id: str) -> MirrorObject | None:
    if not customer_id:
        return None
    try:
        return await mirrored.one(visit, "customer", customer_id)
    except Absent:
        return None  # not mirrored yet: the page shows the id


PAGES = (("GET", "/payments", index), ("GET", "/payments/{id}", show))
