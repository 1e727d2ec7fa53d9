"""The API's things as Stripe keeps them, a row each: object types, and what people may ask by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.billing.reading import View, text_of
from tillwright.domains.mirror.finding.payments import BARE
from tillwright.kit.query import Column

_COMMON = {
    "id": Column("id"),
    "external_id": Column("id"),
    "creation_time": Column("created", "time"),
    "last_update_time": Column("greatest(fetched_at, event_created)", "time"),
    "partner": Column("'STRIPE'::text", always="STRIPE"),
    "currency": Column("(body->>'currency')"),
}

BUYER = View(
    "buyer",
    ("customer",),
    _COMMON
    | {
        # The functions' indexes are over these very expressions: they change together.
        "name": Column(
            "coalesce(body->>'name', body->>'email', id)",
            finders={"ilike": "mirror_customers_named"},
            counters={"ilike": "mirror_customers_counted"},
        ),
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
    ("payment_intent", "charge", "refund", "credit_note"),
    _COMMON
    | {
        "buyer_id": Column("customer"),
        "type": Column(
            "(case when object in ('payment_intent', 'charge') then 'CHARGE' when object = 'refund' then 'REFUND' "
            "else 'CREDIT_MEMO' end)"
        ),
        "parent_id": Column("(case object when 'refund' then coalesce(body->>'payment_intent', body->>'charge') end)"),
        "amount": Column("(body->>'amount')::bigint", "number"),
        "status": Column(
            # Before all else a charge that is only authorised, or was let go: `succeeded` says only that a bank agreed.
            "(case when object = 'charge' and status = 'succeeded' and not (body->>'captured')::boolean "
            "then case when (body->>'refunded')::boolean then 'FAILED' else 'PENDING' end "
            "when object = 'charge' and status = 'pending' then 'PROCESSING' "
            "when status in ('succeeded', 'issued') then 'SUCCESS' when status = 'processing' then 'PROCESSING' "
            "when status in ('canceled', 'failed', 'void') or body->'last_payment_error' <> 'null'::jsonb "
            "then 'FAILED' else 'PENDING' end)"
        ),
    },
    only={"charge": BARE},
)


def payment_of(body: Mapping[str, Any]) -> str:
    """The payment that an object is, or belongs to: a payment intent, or the charge where there is none."""
    if body.get("object") == "payment_intent":
        return str(body["id"])
    return text_of(body, "payment_intent") or (
        str(body["id"]) if body.get("object") == "charge" else text_of(body, "charge")
    )


def received(body: Mapping[str, Any]) -> int:
    """Minor units that a payment brought in, or would: less than was asked for, where only a part was captured."""
    amount = int(body.get("amount") or 0)
    if body.get("status") != "succeeded":
        return amount
    taken = body.get("amount_captured" if body.get("object") == "charge" else "amount_received")
    # Nothing was captured of a charge that is only authorised, though it succeeded.
    return int(taken) if taken else amount


def subscription_of(invoice: Mapping[str, Any]) -> str:
    """The subscription an invoice is for, empty where there is none."""
    parent: Mapping[str, Any] = invoice.get("parent") or {}
    details: Mapping[str, Any] = parent.get("subscription_details") or {}
    return text_of(details, "subscription") or text_of(invoice, "subscription")


CREDIT_NOTE = View("credit_note", ("credit_note",), {"invoice_id": Column("(body->>'invoice')")})
