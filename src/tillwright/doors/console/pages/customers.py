"""Customers, from the mirror."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.responses import Response

from tillwright.domains.automation import Run
from tillwright.domains.webhooks import StripeEvent
from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.pages.events import about
from tillwright.doors.console.visit import Visit

_STORY = 10  # rows of each part


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
    """One customer's whole story: what they pay for, what they paid, what they were given, what happened since."""
    customer = visit.request.path_params["id"]
    row = await mirrored.one(visit, "customer", customer)
    entitlements, _ = await visit.house.entitlements.find(
        visit.principal, equal={"buyer_id": customer}, livemode=row.livemode, limit=_STORY
    )
    linked = (await visit.house.notices.contacts.of_buyers(visit.principal, [customer])).get(customer, ())
    contacts, _ = await visit.house.notices.contacts.query(visit.principal, ids=linked, s="name", limit=_STORY)
    payments, subscriptions, invoices, codes, discounts, credit, (events, runs) = await asyncio.gather(
        mirrored.of_customer(visit, "payment_intent", customer, _STORY),
        mirrored.of_customer(visit, "subscription", customer, _STORY),
        mirrored.of_customer(visit, "invoice", customer, _STORY),
        mirrored.of_customer(visit, "promotion_code", customer, _STORY),
        mirrored.of_customer(visit, "discount", customer, _STORY),
        visit.house.credits.of_buyer(visit.principal, customer),
        _happened(visit, customer),
    )
    return visit.html(
        "pages/customer.html",
        section="customers",
        row=row,
        customer=row.body,
        payments=payments,
        subscriptions=subscriptions,
        invoices=invoices,
        codes=codes,
        discounts=discounts,
        credit=credit,
        entitlements=entitlements,
        contacts=contacts,
        events=events,
        runs=runs,
        words=stripe_words,
    )


async def _happened(visit: Visit, customer: str) -> tuple[Sequence[StripeEvent], Sequence[Run]]:
    """The latest events about the customer and what belongs to it, and the runs that these started."""
    ids = await about(visit, customer)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        page = await visit.house.webhooks.list(tx, livemode=mirrored.connected(visit), object_ids=ids, limit=_STORY)
    return page.items, await visit.house.automation.runs_about(visit.principal, ids, limit=_STORY)


PAGES = (("GET", "/customers", index), ("GET", "/customers/{id}", show))
