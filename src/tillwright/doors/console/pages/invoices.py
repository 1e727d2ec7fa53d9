"""Invoices, from the mirror: with their lines, payments and credit notes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from starlette.responses import Response

from tillwright.domains.billing.views import subscription_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.doors.console import mirrored, stripe_words
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Absent


async def index(visit: Visit) -> Response:
    """The list, with search and pages."""
    page = await mirrored.listing(visit, "invoice")
    return visit.html(
        "pages/invoices.html",
        section="invoices",
        page=page,
        names=await mirrored.customer_names(visit, (stripe_words.id_of(r.body.get("customer")) for r in page.items)),
        query=visit.query("q"),
        first=not visit.query("cursor"),
        filling=not page.items and await mirrored.filling(visit),
        plural_name="invoices",
        request_path="/invoices",
        words=stripe_words,
    )


async def show(visit: Visit) -> Response:
    """One invoice."""
    row = await mirrored.one(visit, "invoice", visit.request.path_params["id"])
    customer = stripe_words.id_of(row.body.get("customer"))
    subscription = subscription_of(row.body)
    sources = [one for one in (subscription, row.id) if one]
    entitlements = await visit.house.entitlements.of_sources(visit.principal, sources, livemode=row.livemode)
    return visit.html(
        "pages/invoice.html",
        section="invoices",
        row=row,
        invoice=row.body,
        customer=customer,
        names=await mirrored.customer_names(visit, [customer]),
        subscription=subscription,
        entitlement=next((entitlements[one] for one in sources if one in entitlements), None),
        payments=await _payments(visit, row.id),
        notes=await _notes(visit, row, customer),
        words=stripe_words,
    )


async def _payments(visit: Visit, invoice: str) -> Sequence[MirrorObject]:
    found: list[MirrorObject] = []
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        mode = mirrored.connected(visit)
        for intent, of in await visit.house.mirror.invoice_links(tx, [], [invoice], livemode=mode):
            if of != invoice:
                continue
            for kind in ("payment_intent", "charge"):
                with contextlib.suppress(Absent):  # it is of the other kind, or not mirrored yet
                    found.append(await visit.house.mirror.get(tx, kind, intent, livemode=mode))
                    break
    return found


async def _notes(visit: Visit, row: MirrorObject, customer: str) -> Sequence[MirrorObject]:
    if not customer:
        return []
    notes = await mirrored.of_customer(visit, "credit_note", customer, limit=mirrored.PART)
    return [note for note in notes if stripe_words.id_of(note.body.get("invoice")) == row.id]


PAGES = (("GET", "/invoices", index), ("GET", "/invoices/{id}", show))
