"""Customers, from the mirror."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response

from tillwright.domains.automation import Run
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.webhooks import StripeEvent
from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.pages.events import about
from tillwright.doors.console.visit import Visit
from tillwright.kit.pages import Page

_STORY = 10  # rows of each part
_PARTS = {"payments": "", "subscriptions": "subscription", "invoices": "invoice"}
"""Parts that have a page of their own, and the type of object of each; payments are of two types."""


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
    entitlements, entitlements_total = await visit.house.entitlements.find(
        visit.principal, equal={"buyer_id": customer}, livemode=row.livemode, limit=_STORY
    )
    linked = (await visit.house.notices.contacts.of_buyers(visit.principal, [customer])).get(customer, ())
    contacts, _ = await visit.house.notices.contacts.query(visit.principal, ids=linked, s="name", limit=_STORY)
    (payments, subscriptions, invoices), codes, discounts, credit, (events, runs, most) = await asyncio.gather(
        _paid(visit, customer),
        mirrored.of_customer(visit, "promotion_code", customer, mirrored.PART),
        visit.house.discounts.of_customer(visit.principal, row),
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
        part=mirrored.PART,
        credit=credit,
        entitlements=entitlements,
        entitlements_total=entitlements_total,
        contacts=contacts,
        events=events,
        objects_most=most,
        runs=runs,
        words=stripe_words,
    )


def all_of(part: str) -> Callable[[Visit], Awaitable[Response]]:
    """The page of all payments, subscriptions or invoices of one customer."""

    async def show_all(visit: Visit) -> Response:
        customer, cursor = visit.request.path_params["id"], visit.query("cursor") or None
        row = await mirrored.one(visit, "customer", customer)
        page = (
            await _payments(visit, customer, mirrored.PAGE, cursor)
            if part == "payments"
            else await mirrored.page_of_customer(visit, _PARTS[part], customer, mirrored.PAGE, cursor)
        )
        return visit.html(
            "pages/customer_part.html",
            section="customers",
            part=part,
            title=part.capitalize(),
            customer=row.body,
            page=page,
            first=cursor is None,
            words=stripe_words,
        )

    return show_all


async def _paid(visit: Visit, customer: str) -> tuple[Page[MirrorObject], Page[MirrorObject], Page[MirrorObject]]:
    """The beginning of what they paid, what they pay for, and what they were billed."""
    payments, subscriptions, invoices = await asyncio.gather(
        _payments(visit, customer, _STORY),
        mirrored.page_of_customer(visit, "subscription", customer, _STORY),
        mirrored.page_of_customer(visit, "invoice", customer, _STORY),
    )
    return payments, subscriptions, invoices


async def _payments(visit: Visit, customer: str, limit: int, cursor: str | None = None) -> Page[MirrorObject]:
    livemode = mirrored.connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.payments.of_customers(
            tx, [customer], livemode=livemode, cursor=cursor, limit=limit
        )


async def _happened(visit: Visit, customer: str) -> tuple[Sequence[StripeEvent], Sequence[Run], int]:
    """The latest events about the customer and what belongs to it, the runs that these started, and of how many objects
    at most; 0: of all there are.
    """
    ids, whole = await about(visit, customer)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        page = await visit.house.webhooks.list(tx, livemode=mirrored.connected(visit), object_ids=ids, limit=_STORY)
    runs = await visit.house.automation.runs_about(visit.principal, ids, limit=_STORY)
    return page.items, runs, 0 if whole else len(ids) - 1


PAGES = (
    ("GET", "/customers", index),
    ("GET", "/customers/{id}", show),
    *(("GET", f"/customers/{{id}}/{part}", all_of(part)) for part in _PARTS),
)
