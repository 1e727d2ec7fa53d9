"""What a copy of an object at Stripe says, under the names that events of ours use. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tillwright.kit.clock import from_unix

Body = Mapping[str, Any]


def values(kind: str, body: Body) -> dict[str, Any]:
    """For an invoice, a credit note, a payment intent or a refund; nothing for any other kind."""
    read = {"invoice": _invoice, "credit_note": _credit_note, "payment_intent": _payment, "refund": _refund}.get(kind)
    return {name: value for name, value in read(body).items() if value not in (None, "")} if read else {}


def _invoice(body: Body) -> dict[str, Any]:
    paid = body.get("status") == "paid"
    return {
        "invoiceId": body.get("id"),
        "number": body.get("number"),
        "status": body.get("status"),
        "buyerId": _id(body.get("customer")),
        "buyerName": body.get("customer_name"),
        "buyerEmail": body.get("customer_email"),
        "amount": body.get("amount_paid" if paid else "amount_due"),
        "currency": _currency(body),
        "dueTime": _time(body.get("due_date")),
        "invoiceUrl": body.get("hosted_invoice_url"),
        "reason": _said(body.get("last_finalization_error")),
    }


def _credit_note(body: Body) -> dict[str, Any]:
    return {
        "invoiceId": _id(body.get("invoice")),
        "number": body.get("number"),
        "status": body.get("status"),
        "buyerId": _id(body.get("customer")),
        "amount": body.get("total", body.get("amount")),
        "currency": _currency(body),
        "reason": body.get("memo") or body.get("reason"),
    }


def _payment(body: Body) -> dict[str, Any]:
    return {
        "paymentId": body.get("id"),
        "status": body.get("status"),
        "buyerId": _id(body.get("customer")),
        "buyerEmail": body.get("receipt_email"),
        "amount": body.get("amount_received") or body.get("amount"),
        "currency": _currency(body),
        "description": body.get("description"),
        "reason": _said(body.get("last_payment_error")),
    }


def _refund(body: Body) -> dict[str, Any]:
    return {
        "paymentId": _id(body.get("payment_intent")) or _id(body.get("charge")),
        "status": body.get("status"),
        "amount": body.get("amount"),
        "currency": _currency(body),
        "description": body.get("description"),
        "reason": body.get("failure_reason") or body.get("reason"),
    }


def _id(value: Any) -> Any:
    """An id, also of an object that came whole."""
    return cast(Body, value).get("id") if isinstance(value, Mapping) else value


def _said(error: Any) -> Any:
    return cast(Body, error).get("message") if isinstance(error, Mapping) else None


def _currency(body: Body) -> str | None:
    found = body.get("currency")
    return found.upper() if isinstance(found, str) else None


def _time(seconds: Any) -> str | None:
    return from_unix(seconds).isoformat().replace("+00:00", "Z") if type(seconds) is int else None
