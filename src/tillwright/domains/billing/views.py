"""The API's things as Stripe keeps them, a row each: object types, and what people may ask by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.billing.reading import View, text_of
from tillwright.kit.query import Column

_COMMON = {
    "id": Column("id"),
    "external_id": Column("id"),
    "creation_time": Column("created", "time"),
    "last_update_time": Column("greatest(fetched_at, event_created)", "time"),
    "partner": Column("'STRIPE'::text"),
    "currency": Column("(body->>'currency')"),
}

BUYER = View(
    "buyer",
    ("customer",),
    _COMMON
    | {
        # The functions' indexes are over these very expressions: they change together.
        "name": Column("coalesce(body->>'name', body->>'email', id)", finders={"ilike": "mirror_customers_named"}),
        "email": Column("(body->>'email')", finders={"=": "mirror_customers_at"}),
        "description": Column("(body->>'description')"),
        "phone": Column("(body->>'phone')"),
        "customer_id": Column("(body->'metadata'->>'customer_id')"),
        "delinquent": Column("(body->>'delinquent')::boolean", "boolean"),
    },
)

WALLET = View(
    "wallet",
    ("payment_method",),
    _COMMON | {"buyer_id": Column("customer"), "type": Column("(body->>'type')")},
)

INVOICE = View(
    "invoice",
    ("invoice",),
    _COMMON
    | {
        "buyer_id": Column("customer"),
        "number": Column("(body->>'number')"),
        "subscription_id": Column(
            "coalesce(body->'parent'->'subscription_details'->>'subscription', body->>'subscription')"
        ),
        "status": Column(
            "(case status when 'draft' then 'DRAFT' when 'void' then 'CANCELED' else 'FINALIZED' end)",
        ),
        "payment_status": Column(
            "(case when status = 'paid' then 'SUCCESS' when status in ('uncollectible', 'void') then 'FAILED' "
            "when status = 'open' and (body->>'attempted')::boolean then 'FAILED' else 'PENDING' end)"
        ),
        "due_date": Column("to_timestamp((body->>'due_date')::bigint)", "time"),
        "due_amount": Column("(body->>'amount_due')::bigint", "number"),
    },
)

TRANSACTION = View(
    "payment_transaction",
    ("payment_intent", "refund", "credit_note"),
    _COMMON
    | {
        "buyer_id": Column("customer"),
        "type": Column(
            "(case object when 'payment_intent' then 'CHARGE' when 'refund' then 'REFUND' else 'CREDIT_MEMO' end)"
        ),
        "parent_id": Column("(case object when 'refund' then body->>'payment_intent' end)"),
        "amount": Column("(body->>'amount')::bigint", "number"),
        "status": Column(
            "(case when status in ('succeeded', 'issued') then 'SUCCESS' when status = 'processing' then 'PROCESSING' "
            "when status in ('canceled', 'failed', 'void') or body->'last_payment_error' <> 'null'::jsonb "
            "then 'FAILED' else 'PENDING' end)"
        ),
    },
)


def subscription_of(invoice: Mapping[str, Any]) -> str:
    """The subscription an invoice is for, empty where there is none."""
    parent: Mapping[str, Any] = invoice.get("parent") or {}
    details: Mapping[str, Any] = parent.get("subscription_details") or {}
    return text_of(details, "subscription") or text_of(invoice, "subscription")


CREDIT_NOTE = View("credit_note", ("credit_note",), {"invoice_id": Column("(body->>'invoice')")})
