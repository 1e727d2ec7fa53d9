"""Invoices as the API shows them: pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.billing.reading import text_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.kit import money
from tillwright.kit.clock import from_unix

_INFO: dict[str, JsonValue] = {
    "currency": "EUR",
    "subtotalAmount": 49.0,
    "taxAmount": 9.31,
    "dueAmount": 58.31,
    "issueDate": "2027-01-15T12:00:00Z",
    "dueDate": "2027-02-15T12:00:00Z",
    "memo": "Thank you.",
    "pdfURL": "https://pay.stripe.com/invoice/example/pdf",
}
_EXAMPLE: dict[str, JsonValue] = {
    "id": "in_1MtHbELkdIwHu7ixl4OzzPMv",
    "organizationID": "org_01k0example0000000000000000",
    "partner": "STRIPE",
    "externalID": "in_1MtHbELkdIwHu7ixl4OzzPMv",
    "buyerID": "cus_NffrFeUfNV2Hib",
    "entitlementID": "ent_01k0example0000000000000000",
    "type": "COMMIT",
    "status": "FINALIZED",
    "paymentStatus": "PENDING",
    "startDate": "2027-01-15T12:00:00Z",
    "endDate": "2027-02-15T12:00:00Z",
    "invoiceURL": "https://invoice.stripe.com/i/example",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
    "info": _INFO,
}
_STATUS = {"draft": "DRAFT", "void": "CANCELED"}
_TYPES = {
    "subscription_create": "COMMIT",
    "subscription_cycle": "COMMIT",
    "subscription_update": "COMMIT",
    "subscription_threshold": "USAGE",
    "manual": "ADDON",
    "quote_accept": "COMMIT",
}


class InvoiceInfo(BaseModel):
    """Amounts in major units of the currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INFO]})

    currency: str
    subtotalAmount: float  # noqa: N815
    taxAmount: float  # noqa: N815
    dueAmount: float  # noqa: N815
    creationDate: datetime | None = None  # noqa: N815
    issueDate: datetime | None  # noqa: N815
    dueDate: datetime | None  # noqa: N815
    memo: str | None
    pdfURL: str | None  # noqa: N815


class InvoiceEntity(BaseModel):
    """`type`: COMMIT for a subscription's period, USAGE for a threshold, ADDON by hand, else UNKNOWN."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organizationID: str  # noqa: N815
    partner: str
    externalID: str  # noqa: N815
    buyerID: str | None  # noqa: N815
    entitlementID: str | None  # noqa: N815
    type: str
    status: str
    paymentStatus: str | None  # noqa: N815
    startDate: datetime | None  # noqa: N815
    endDate: datetime | None  # noqa: N815
    invoiceURL: str | None  # noqa: N815
    creationTime: datetime | None  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    info: InvoiceInfo


def invoice(organisation_id: str, row: MirrorObject, entitlement_id: str | None = None) -> InvoiceEntity:
    """Stripe's invoice under the API's names."""
    body = row.body
    return InvoiceEntity(
        id=row.id,
        organizationID=organisation_id,
        partner="STRIPE",
        externalID=row.id,
        buyerID=text_of(body, "customer") or None,
        entitlementID=entitlement_id,
        type=_TYPES.get(str(body.get("billing_reason")), "UNKNOWN"),
        status=_STATUS.get(row.status or "", "FINALIZED"),
        paymentStatus=_payment_status(row),
        startDate=_time(body.get("period_start")),
        endDate=_time(body.get("period_end")),
        invoiceURL=body.get("hosted_invoice_url"),
        creationTime=row.created,
        lastUpdateTime=row.seen,
        info=info(row),
    )


def info(row: MirrorObject) -> InvoiceInfo:
    """The part of an invoice that is about money and dates."""
    body = row.body
    currency = str(body.get("currency") or "")
    finalised = (body.get("status_transitions") or {}).get("finalized_at")
    taxes = sum(int(tax.get("amount") or 0) for tax in body.get("total_taxes") or [])
    return InvoiceInfo(
        currency=currency.upper(),
        subtotalAmount=_major(body.get("subtotal"), currency),
        taxAmount=_major(taxes, currency),
        dueAmount=_major(body.get("amount_due"), currency),
        creationDate=row.created,
        issueDate=_time(finalised),
        dueDate=_time(body.get("due_date")),
        memo=body.get("description"),
        pdfURL=body.get("invoice_pdf"),
    )


def _payment_status(row: MirrorObject) -> str | None:
    if row.status == "paid":
        return "SUCCESS"
    if row.status in ("uncollectible", "void"):
        return "FAILED"
    return "FAILED" if row.status == "open" and row.body.get("attempted") else "PENDING"


def _major(amount: Any, currency: str) -> float:
    return float(money.to_major(int(amount or 0), currency))


def _time(seconds: Any) -> datetime | None:
    return from_unix(seconds) if isinstance(seconds, int) else None
