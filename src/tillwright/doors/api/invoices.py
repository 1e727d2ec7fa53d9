"""Invoices over HTTP: read from the mirror; issued, paid, voided and annotated at Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.billing import Asked, invoice_mail
from tillwright.domains.billing.views import subscription_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.doors.api import invoice_shapes as shapes
from tillwright.doors.api.callers import Caller, Operation, TheHouse
from tillwright.doors.api.invoice_shapes import InvoiceEntity, InvoiceInfo
from tillwright.doors.api.lists import ListSlice
from tillwright.kit.errors import Absent, Invalid
from tillwright.wiring import House

router = APIRouter(tags=["Invoices"])
_STATUSES = ("DRAFT", "FINALIZED", "CANCELED")
_INFO: dict[str, JsonValue] = {"memo": "Thank you.", "dueDate": "2027-02-15T12:00:00Z"}


class UpdateInvoiceInfo(BaseModel):
    """What is left out stays. `dueDate` is RFC 3339."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INFO]})

    memo: str | None = Field(default=None, max_length=1500)
    dueDate: str | None = Field(default=None, max_length=40)  # noqa: N815
    discountAmount: float | None = None  # noqa: N815
    discountType: str | None = Field(default=None, max_length=40)  # noqa: N815


@router.get("/invoice", summary="List invoices", operation_id="listInvoices")
async def list_invoices(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    buyer_id: Annotated[str | None, Query(alias="buyerId", max_length=255)] = None,
    entitlement_id: Annotated[str | None, Query(alias="entitlementId", max_length=255)] = None,
    status: Annotated[str | None, Query(max_length=20, description="DRAFT, FINALIZED or CANCELED")] = None,
) -> list[InvoiceEntity]:
    """Newest first. `entitlementId` is an entitlement's id, or its subscription's."""
    if status and status not in _STATUSES:
        raise Invalid(
            "status_unknown", f"There is no invoice status {status[:40]!r}.", field="status",
            remedy=f"Use one of {', '.join(_STATUSES)}.",
        )  # fmt: skip
    found = await house.invoices.list(
        caller,
        buyer_id=buyer_id or None,
        **await source_of(house, caller, entitlement_id),
        status=status or None,
        limit=cut.limit,
        offset=cut.offset,
    )
    return await _shown(house, caller, found.rows)


@router.get("/invoice/{invoiceId}", summary="Get an invoice", operation_id="getInvoice")
async def get_invoice(caller: Caller, house: TheHouse, invoiceId: str) -> InvoiceEntity:  # noqa: N803
    """One invoice; its id is Stripe's."""
    return (await _shown(house, caller, [await house.invoices.get(caller, invoiceId)]))[0]


@router.patch("/invoice/{invoiceId}/issue", summary="Issue an invoice", operation_id="issueInvoice")
async def issue_invoice(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    invoiceId: str,  # noqa: N803
    contacts: Annotated[
        list[str] | None, Body(examples=[[]], description="Ids of contacts that are mailed the invoice too.")
    ] = None,
) -> InvoiceEntity:
    """Finalises a draft at Stripe, which mails it to the buyer if it is collected by sending. Needs the role EDITOR.

    Contacts are mailed by us; with contacts an invoice that was issued before is mailed again.
    """
    asked = Asked(caller, "invoice:issue", operation)
    row = await house.invoices.issue(asked, invoiceId, contact_ids=contacts or [])
    return (await _shown(house, caller, [row]))[0]


@router.patch("/invoice/{invoiceId}/pay", summary="Pay an invoice", operation_id="payInvoice")
async def pay_invoice(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    invoiceId: str,  # noqa: N803
) -> InvoiceEntity:
    """Charges the buyer's default wallet for what is due; 409 if it is declined. Needs the role EDITOR."""
    row = await house.invoices.pay(Asked(caller, "invoice:pay", operation), invoiceId)
    return (await _shown(house, caller, [row]))[0]


@router.patch("/invoice/{invoiceId}/void", summary="Void an invoice", operation_id="voidInvoice")
async def void_invoice(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    invoiceId: str,  # noqa: N803
) -> InvoiceEntity:
    """Cancels a finalised invoice for good. Needs the role EDITOR."""
    row = await house.invoices.void(Asked(caller, "invoice:void", operation), invoiceId)
    return (await _shown(house, caller, [row]))[0]


@router.patch("/invoice/{invoiceId}/info", summary="Change memo and due date", operation_id="updateInvoiceInfo")
async def update_invoice_info(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    invoiceId: str,  # noqa: N803
    body: UpdateInvoiceInfo,
) -> InvoiceInfo:
    """The memo of any draft or open invoice; the due date where it is collected by sending. Needs the role EDITOR."""
    if body.discountAmount is not None or body.discountType is not None:
        raise Invalid(
            "discount_not_settable",
            "A discount comes from a coupon at Stripe, not from the invoice's info.",
            field="discountAmount",
            remedy="Apply a coupon or promotion code, e.g. with the workflow action apply_coupon.",
        )
    row = await house.invoices.update(
        Asked(caller, "invoice:update", operation), invoiceId, memo=body.memo, due=_time(body.dueDate)
    )
    return shapes.info(row)


@router.get(
    "/invoice/{invoiceId}/preview",
    summary="Preview the invoice's mail",
    operation_id="previewInvoiceEmail",
    response_class=HTMLResponse,
)
async def preview_invoice_email(caller: Caller, house: TheHouse, invoiceId: str) -> HTMLResponse:  # noqa: N803
    """What a buyer would read, as HTML."""
    return HTMLResponse(invoice_mail.html(await house.invoices.get(caller, invoiceId)))


async def source_of(house: House, caller: Principal, entitlement_id: str | None) -> dict[str, str]:
    """What an entitlement's invoices are found by; a subscription's own id will do as well."""
    if not entitlement_id:
        return {}
    try:
        source = (await house.entitlements.get(caller, entitlement_id)).source
    except Absent:
        return {"subscription_id": entitlement_id}
    return {"invoice_id" if source.object == "invoice" else "subscription_id": source.id}


async def _shown(house: House, caller: Principal, rows: Sequence[MirrorObject]) -> list[InvoiceEntity]:
    """An invoice's entitlement is that of its subscription, or the one that was bought with it."""
    sources = {row.id: (subscription_of(row.body), row.id) for row in rows}
    wanted = [one for pair in sources.values() for one in pair if one]
    known = await house.entitlements.of_sources(caller, wanted) if wanted else {}
    return [
        shapes.invoice(caller.organisation_id, row, next((known[one] for one in sources[row.id] if one in known), None))
        for row in rows
    ]


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid(
            "due_date_malformed", "This is no time with a zone.", field="dueDate", remedy="Write 2027-02-15T12:00:00Z."
        )
    return moment
