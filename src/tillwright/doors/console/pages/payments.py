"""Payments, from the mirror: with their charges, refunds and disputes; charges without a payment intent among them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from tillwright.domains.billing.views import payment_of
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
    if stripe is None:
        return Page([])
    payments, mirror = visit.house.mirror.payments, visit.house.mirror
    asked: dict[str, Any] = {
        "livemode": stripe.livemode, "cursor": visit.query("cursor") or None, "limit": mirrored.PAGE,
    }  # fmt: skip
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        page = Page[MirrorObject]([])
        if amounts := amounts_of(wanted):
            page = await payments.of_amount(tx, amounts, **asked)
        elif "@" in wanted:
            people = await mirror.list(tx, "customer", livemode=stripe.livemode, search=wanted, limit=_PEOPLE)
            page = await payments.of_customers(tx, [row.id for row in people.items], **asked)
        return page if page.items else await payments.list(tx, search=wanted or None, **asked)


async def show(visit: Visit) -> Response:
    """One payment with its customer, invoice, charges, refunds and disputes; a payment intent's charge leads to it."""
    row = await _payment(visit, visit.request.path_params["id"])
    if row.id != payment_of(row.body):
        return visit.go(f"/payments/{payment_of(row.body)}")
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
        invoice=invoice or stripe_words.id_of(row.body.get("invoice")),
        moved=await _moved(visit, charges),
        words=stripe_words,
    )


async def _payment(visit: Visit, payment: str) -> MirrorObject:
    try:
        return await mirrored.one(visit, "payment_intent", payment)
    except Absent:
        return await mirrored.one(visit, "charge", payment)


async def _moved(visit: Visit, charges: Sequence[MirrorObject]) -> Mapping[str, MirrorObject]:
    """What the charges did to the account's balance, by the movement's id."""
    ids = [stripe_words.id_of(row.body.get("balance_transaction")) for row in charges]
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        mode = mirrored.connected(visit)
        return await visit.house.mirror.of_ids(tx, "balance_transaction", [id for id in ids if id], livemode=mode)


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
