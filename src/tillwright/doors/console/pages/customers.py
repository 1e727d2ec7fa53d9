"""Customers, from the mirror."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.visit import Visit


async def index(visit: Visit) -> Response:
    """The list, with search and pages."""
    page = await mirrored.listing(visit, "customer")
    return visit.html(
        "pages/customers.html",
        section="customers",
        page=page,
        query=visit.query("q"),
        first=not visit.query("cursor"),
        filling=not page.items and await mirrored.filling(visit),
        plural_name="customers",
        request_path="/customers",
        words=stripe_words,
    )


async def show(visit: Visit) -> Response:
    """One customer with what belongs to it."""
    customer = visit.request.path_params["id"]
    row = await mirrored.one(visit, "customer", customer)
    payments, subscriptions, invoices = await asyncio.gather(
        mirrored.of_customer(visit, "payment_intent", customer),
        mirrored.of_customer(visit, "subscription", customer),
        mirrored.of_customer(visit, "invoice", customer),
    )
    return visit.html(
        "pages/customer.html",
        section="customers",
        row=row,
        customer=row.body,
        payments=payments,
        subscriptions=subscriptions,
        invoices=invoices,
        words=stripe_words,
    )


PAGES = (("GET", "/customers", index), ("GET", "/customers/{id}", show))
