"""Payments, refunds and credit notes as the API's payment transactions: pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.billing.reading import text_of
from tillwright.domains.billing.transactions import Related
from tillwright.domains.billing.views import payment_of, received
from tillwright.domains.mirror.model import MirrorObject
from tillwright.doors.api.wallet_shapes import WALLET_KINDS
from tillwright.kit import money

_EXAMPLE: dict[str, JsonValue] = {
    "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
    "organizationID": "org_01k0example0000000000000000",
    "partner": "STRIPE",
    "externalID": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
    "type": "CHARGE",
    "status": "SUCCESS",
    "amount": 20.0,
    "currency": "EUR",
    "buyerID": "cus_NffrFeUfNV2Hib",
    "invoiceID": "in_1MtHbELkdIwHu7ixl4OzzPMv",
    "parentID": None,
    "walletID": "pm_1MqLiJLkdIwHu7ixUEgbFdYF",
    "walletType": "card",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
    "info": {
        "refundExists": False,
        "stripeBalanceTransaction": {
            "id": "txn_1MiN3gLkdIwHu7ixxapQrznl",
            "type": "charge",
            "status": "available",
            "amount": 2000,
            "fee": 88,
            "net": 1912,
            "currency": "eur",
            "exchange_rate": None,
        },
    },
}
_TYPES = {"payment_intent": "CHARGE", "charge": "CHARGE", "refund": "REFUND"}
_STATUS = {
    "succeeded": "SUCCESS",
    "issued": "SUCCESS",
    "processing": "PROCESSING",
    "canceled": "FAILED",
    "failed": "FAILED",
    "void": "FAILED",
}


class PaymentTransactionEntity(BaseModel):
    """`amount` in major units: what a payment brought in, where it succeeded. `parentID` is a refund's payment.

    `info` keeps Stripe's own names and minor units; `stripeBalanceTransaction` is in the currency of the account's
    balance, and there once Stripe has booked it and the mirror has read it.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organizationID: str  # noqa: N815
    partner: str
    externalID: str  # noqa: N815
    type: str
    status: str
    amount: float
    currency: str
    buyerID: str | None  # noqa: N815
    invoiceID: str | None  # noqa: N815
    parentID: str | None  # noqa: N815
    walletID: str | None  # noqa: N815
    walletType: str | None  # noqa: N815
    creationTime: datetime | None  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    info: dict[str, Any]


def transaction(organisation_id: str, row: MirrorObject, related: Related) -> PaymentTransactionEntity:
    """One transaction, with what belongs to it."""
    body = row.body
    currency = str(body.get("currency") or "")
    payment = payment_of(body)
    charge = related.charge_of(row)
    details: dict[str, Any] = (charge.body.get("payment_method_details") if charge else None) or {}
    return PaymentTransactionEntity(
        id=row.id,
        organizationID=organisation_id,
        partner="STRIPE",
        externalID=row.id,
        type=_TYPES.get(row.object, "CREDIT_MEMO"),
        status=_status(row),
        amount=float(money.to_major(received(body), currency)),
        currency=currency.upper(),
        buyerID=text_of(body, "customer") or (text_of(charge.body, "customer") if charge else "") or None,
        invoiceID=text_of(body, "invoice") or related.invoices.get(payment),
        parentID=payment or None if row.object == "refund" else None,
        walletID=text_of(body, "payment_method") or (text_of(charge.body, "payment_method") if charge else "") or None,
        walletType=WALLET_KINDS.get(str(details.get("type"))),
        creationTime=row.created,
        lastUpdateTime=row.seen,
        info=_info(row, charge, related),
    )


def _status(row: MirrorObject) -> str:
    """As the view's column says it, for filters."""
    if row.object == "charge" and row.status == "succeeded" and not row.body.get("captured", True):
        return "FAILED" if row.body.get("refunded") else "PENDING"
    if row.object == "charge" and row.status == "pending":
        return "PROCESSING"
    if row.status in _STATUS:
        return _STATUS[row.status]
    return "FAILED" if row.body.get("last_payment_error") else "PENDING"


def _info(row: MirrorObject, charge: MirrorObject | None, related: Related) -> dict[str, Any]:
    body = row.body
    moved = {"stripeBalanceTransaction": _balance(related.balance_of(row))}
    if row.object == "refund":
        names = ("id", "status", "amount", "currency", "reason", "failure_reason", "created", "metadata")
        shown = {name: body.get(name) for name in names}
        return moved | {
            "stripeRefund": shown
            | {"charge": text_of(body, "charge"), "payment_intent": text_of(body, "payment_intent")}
        }
    if row.object not in ("payment_intent", "charge"):
        return {}
    told = _error(row)
    disputes = [
        {n: d.body.get(n) for n in ("id", "amount", "created", "livemode", "reason", "status", "is_charge_refundable")}
        for d in related.disputes.get(row.id, ())
    ]
    names = ("id", "livemode", "status", "amount", "currency", "description", "created", "metadata")
    shown = {name: body.get(name) for name in names}
    if row.object == "charge":
        payment = {"stripeCharge": shown | {name: body.get(name) for name in ("captured", "amount_captured")}}
    else:
        payment = {"stripePaymentIntent": shown | {"last_payment_error": told}}
    return (
        moved
        | payment
        | {
            "stripeDisputes": disputes,
            "stripeError": told,
            "refundExists": row.id in related.refunded or _given_back(charge),
        }
    )


def _error(row: MirrorObject) -> dict[str, Any] | None:
    body = row.body
    if row.object == "charge":
        if not body.get("failure_code"):
            return None
        return {
            "code": body["failure_code"],
            "message": body.get("failure_message"),
            "param": None,
            "type": "card_error",
        }
    error: dict[str, Any] = body.get("last_payment_error") or {}
    return {name: error.get(name) for name in ("code", "message", "param", "type")} if error else None


def _given_back(charge: MirrorObject | None) -> bool:
    """By the charge alone, if its refunds are not mirrored: more than what was let go when a part was captured."""
    if charge is None:
        return False
    amount, captured = int(charge.body.get("amount") or 0), charge.body.get("amount_captured")
    return int(charge.body.get("amount_refunded") or 0) > (amount - int(captured) if captured else 0)


def _balance(row: MirrorObject | None) -> dict[str, Any] | None:
    if row is None:
        return None
    names = (
        "id", "type", "status", "amount", "fee", "net", "currency", "exchange_rate", "available_on", "created",
        "description",
    )  # fmt: skip
    details: list[dict[str, Any]] = row.body.get("fee_details") or []
    source = text_of(row.body, "source")
    return {
        **{name: row.body.get(name) for name in names},
        "fee_details": [{n: one.get(n) for n in ("amount", "currency", "description", "type")} for one in details],
        "chargeId": source if source.startswith(("ch_", "py_")) else None,
    }
