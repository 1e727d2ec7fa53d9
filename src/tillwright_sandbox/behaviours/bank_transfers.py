"""Payments out of a customer's cash balance: what is there is applied, the rest is awaited by bank transfer."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import intent_errors, refs
from tillwright_sandbox.call import Call

_REGIONS = {"eur": "eu", "gbp": "gb", "jpy": "jp", "mxn": "mx"}


def kind(currency: str) -> str:
    """The type of bank transfer a currency travels by."""
    return _REGIONS.get(currency, "us") + "_bank_transfer"


def balance(call: Call, customer: dict[str, Any]) -> dict[str, Any]:
    """The customer's cash balance; it has no id of its own and is kept under the customer's."""
    kept = call.objects.maybe("cash_balance", customer["id"])
    if kept:
        return kept
    cash = {
        "object": "cash_balance",
        "available": None,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": call.livemode,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }
    return call.objects.insert(cash, key=customer["id"], parent=("customer", customer["id"]))


def move(
    call: Call, customer: dict[str, Any], amount: int, currency: str, type: str, part: dict[str, Any]
) -> dict[str, Any]:
    """A movement of the cash balance (minor units, negative when it is used up), stored and told."""
    cash = balance(call, customer)
    available = dict(cash["available"] or {})
    available[currency] = available.get(currency, 0) + amount
    cash["available"] = {code: held for code, held in available.items() if held} or None
    call.objects.touch(cash)
    row = {
        "id": call.new_id("ccsbtxn"),
        "object": "customer_cash_balance_transaction",
        "created": call.now,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "ending_balance": available[currency],
        "livemode": call.livemode,
        "net_amount": amount,
        "type": type,
        type: part,
    }
    call.objects.insert(row)
    call.emit("customer_cash_balance_transaction.created", row)
    return row


def remaining(intent: dict[str, Any]) -> int:
    return intent["amount"] - intent.get("_funded", 0)


def apply(call: Call, intent: dict[str, Any]) -> bool:
    """Use the cash that is there for an intent; True once the intent is covered in full."""
    customer = call.objects.maybe("customer", intent["customer"])
    if customer is None:
        raise refs.invalid("A customer is required to pay by bank transfer.", "customer", "parameter_missing")
    cash = balance(call, customer)
    take = min((cash["available"] or {}).get(intent["currency"], 0), remaining(intent))
    if take > 0:
        move(call, customer, -take, intent["currency"], "applied_to_payment", {"payment_intent": intent["id"]})
        intent["_funded"] = intent.get("_funded", 0) + take
        if remaining(intent):
            call.emit("payment_intent.partially_funded", intent)
    return remaining(intent) == 0


def instructions(call: Call, intent: dict[str, Any]) -> dict[str, Any]:
    """next_action: where the buyer's bank has to send what is missing."""
    schema = "payment_intent_next_action_display_bank_transfer_instructions"
    details = generic.build(call, schema, type=kind(intent["currency"]))
    details |= {
        "amount_remaining": remaining(intent),
        "currency": intent["currency"],
        "financial_addresses": [],
        "hosted_instructions_url": f"https://payments.stripe.com/bank_transfers/instructions/{intent['id']}",
        "reference": intent["id"][-10:].upper(),
    }
    return {"type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": details}


def waiting(call: Call, customer: dict[str, Any], currency: str) -> list[dict[str, Any]]:
    """The customer's intents that wait for a transfer in this currency, oldest first."""
    found = call.objects.find("payment_intent", customer=customer["id"], status="requires_action", currency=currency)
    kinds = [one for one in found if one["next_action"]["type"] == "display_bank_transfer_instructions"]
    return list(reversed(kinds))


def check(intent: dict[str, Any]) -> None:
    """Manual application (apply_customer_balance) needs an intent that waits for money."""
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        text = f"You cannot apply a customer balance to a PaymentIntent with a status of {intent['status']}."
        raise intent_errors.unexpected(intent, text)
