"""Issuing's test helpers: a purchase put to a card, and a capture made at once; with the events they bring."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call


@behaviour("PostIssuingCardsCardTestAuthorizations")
def authorize(call: Call) -> dict[str, Any]:
    """An authorization that asks its webhook first (issuing_authorization.request), then is made."""
    card = call.objects.get("issuing.card", call.path["card"])
    amount = call.params.get("held_amount", 0)
    currency = call.params.get("held_currency") or card["currency"]
    authorization = generic.build(
        call,
        "issuing.authorization",
        amount=amount,
        currency=currency,
        merchant_amount=amount,
        merchant_currency=currency,
        authorization_method=call.params.get("authorization_method") or "online",
        approved=True,
        status="pending",
        card=card["id"],
        cardholder=card["cardholder"],
    )
    call.objects.insert(authorization)
    call.emit("issuing_authorization.request", authorization)
    call.emit("issuing_authorization.created", authorization)
    return authorization


@behaviour("PostTestHelpersIssuingTransactionsCreateForceCapture")
def force_capture(call: Call) -> dict[str, Any]:
    """A transaction without an authorization; a receipt among its details is told in an event of its own."""
    transaction = generic.create(call)
    if (call.params.get("purchase_details") or {}).get("receipt"):
        call.emit("issuing_transaction.purchase_details_receipt_updated", transaction)
    return transaction
