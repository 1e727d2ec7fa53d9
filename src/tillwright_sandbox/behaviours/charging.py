"""How does an attempt to pay become a charge? Charges are made here for intents, invoices and legacy sources alike."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic, tables
from tillwright_sandbox.behaviours import balance, balance_transactions, banks, methods, money
from tillwright_sandbox.behaviours.cards import Card
from tillwright_sandbox.behaviours.declines import Decline
from tillwright_sandbox.call import Call

APPROVED = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 20,
    "seller_message": "Payment complete.",
    "type": "authorized",
}
_RISK_SCORES = {"normal": 20, "elevated": 68, "highest": 92}


def outcome(card: Card | None, decline: Decline | None) -> dict[str, Any]:
    """charge.outcome: what the network and Radar said."""
    risk = card.risk if card else "normal"
    said = APPROVED | {"risk_level": risk, "risk_score": _RISK_SCORES[risk]}
    if decline is None:
        return said
    blocked = decline.decline_code == "fraudulent" and risk == "highest"
    said |= {"advice_code": decline.advice, "reason": decline.reason or decline.decline_code or decline.code}
    if blocked:
        return said | {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    return said | {
        "network_decline_code": decline.network_code,
        "network_status": "declined_by_network",
        "seller_message": "The bank did not return any further details with this decline."
        if decline.decline_code == "generic_decline"
        else f"The bank returned the decline code `{decline.decline_code or decline.code}`.",
        "type": "issuer_declined",
    }


def card_details(call: Call, part: dict[str, Any], amount: int, captured: bool, **asked: Any) -> dict[str, Any]:
    """charge.payment_method_details.card"""
    copied = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    incremental = "available" if asked.get("incremental") else "unavailable"
    details: dict[str, Any] = {key: part.get(key) for key in copied}
    details |= {
        "amount_authorized": amount,
        "authorization_code": f"{call.world.dice.randrange(10**6):06d}",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": incremental},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": part["brand"],
        "network_token": {"used": False},
        "network_transaction_id": f"{call.world.dice.randrange(10**15):015d}",
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": asked.get("three_d_secure"),
        "transaction_link_id": None,
    }
    if not captured:
        details["capture_before"] = call.now + 7 * 86_400
    return details


def method_details(call: Call, method: dict[str, Any], amount: int, captured: bool, **asked: Any) -> dict[str, Any]:
    """charge.payment_method_details of any type."""
    type = method["type"]
    if type == "card":
        return {"type": "card", "card": card_details(call, method["card"], amount, captured, **asked)}
    schema = f"payment_method_details_{type}"
    if schema not in tables.schemas():
        return {"type": type}
    shown = tables.schemas()[schema].get("properties", {})
    values = {k: v for k, v in (method.get(type) or {}).items() if k in shown and isinstance(v, str)}
    return {"type": type, type: generic.build(call, schema, **values)}


def make(
    call: Call,
    *,
    amount: int,
    currency: str,
    method: dict[str, Any],
    decline: Decline | None = None,
    status: str = "succeeded",
    captured: bool = True,
    asked: dict[str, Any] | None = None,
    **values: Any,
) -> dict[str, Any]:
    """A stored charge: succeeded, pending (a bank debit under way) or, with a `decline`, failed. Emits its event."""
    failed = decline is not None
    card = methods.card_of(method)
    id = call.new_id("ch" if method["type"] in ("card", "card_present") else "py")
    charge: dict[str, Any] = {
        "id": id,
        "object": "charge",
        "amount": amount,
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": call.account.name.upper()[:22],
        "captured": captured and not failed,
        "created": call.now,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": call.livemode,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": outcome(card, decline),
        "paid": not failed and status == "succeeded",
        "payment_intent": None,
        "payment_method": method["id"],
        "payment_method_details": method_details(call, method, amount, captured, **(asked or {})),
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if failed else status,
        "transfer_data": None,
        "transfer_group": None,
    }
    charge |= {key: value for key, value in values.items() if value is not None}
    call.objects.insert(charge)
    if failed:
        call.emit("charge.failed", charge)
    elif status == "pending":
        call.emit("charge.pending", charge)
    else:
        charge["receipt_url"] = f"https://pay.stripe.com/receipts/payment/{id}"
        if captured:
            collect(call, charge, amount)
        call.emit("charge.succeeded", charge)
    return charge


def collect(call: Call, charge: dict[str, Any], amount: int) -> None:
    """Take the money of a charge into the balance, in whole or in part; the rest of an authorization is let go."""
    card = methods.cards.by_fingerprint(
        (charge["payment_method_details"] or {}).get("card", {}).get("fingerprint")
        if charge["payment_method_details"]
        else None
    )
    is_payment = charge["id"].startswith("py_")
    row = balance_transactions.record(
        call,
        "payment" if is_payment else "charge",
        amount,
        charge["currency"],
        charge["id"],
        fee=money.fee(amount, charge["currency"]),
        description=charge["description"],
        category="charge",
        pending=not card.settles_now,
    )
    if card.settles_now:
        call.emit("balance.available", balance.shown(call))
    charge |= {"balance_transaction": row["id"], "captured": True, "amount_captured": amount}
    if amount < charge["amount"]:
        charge["amount_refunded"] = charge["amount"] - amount
    call.objects.touch(charge)


def settle(call: Call, charge: dict[str, Any], decline: Decline | None) -> None:
    """End a pending charge: paid, or failed with a `decline`."""
    if decline:
        charge |= {"status": "failed", "paid": False, "captured": False}
        charge |= {"failure_code": decline.code, "failure_message": decline.message, "outcome": outcome(None, decline)}
        call.objects.touch(charge)
        call.emit("charge.failed", charge)
    else:
        charge |= {"status": "succeeded", "paid": True}
        charge["receipt_url"] = f"https://pay.stripe.com/receipts/payment/{charge['id']}"
        collect(call, charge, charge["amount"])
        call.emit("charge.succeeded", charge)


def debit_of(method: dict[str, Any]) -> banks.Bank | None:
    """The test bank account behind a payment method, if its outcome is in the table."""
    return banks.by_fingerprint((method.get(method["type"]) or {}).get("fingerprint"))
