"""What ends or enlarges an authorized payment: capture, increment, cancel."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    behaviour,
    changes,
    charging,
    disputes,
    intent_errors,
    intent_steps,
    methods,
    money,
    refs,
    refunds,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError


@behaviour("PostPaymentIntentsIntentCapture")
def capture(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.path["intent"])
    if intent["status"] != "requires_capture":
        already = intent["status"] == "succeeded"
        why = "it has already been captured." if already else f"it has a status of {intent['status']}."
        text = f"This PaymentIntent could not be captured because {why}"
        if not already:
            text += " Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        raise intent_errors.unexpected(intent, text)
    amount = call.params.get("amount_to_capture", intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        text = f"The amount_to_capture ({amount}) is greater than the amount that can be captured"
        raise refs.invalid(f"{text} ({intent['amount_capturable']}).", "amount_to_capture", "amount_too_large")
    if amount < 1:
        text = "This value must be greater than or equal to 1."
        raise refs.invalid(text, "amount_to_capture", "parameter_invalid_integer")
    for key in ("statement_descriptor", "statement_descriptor_suffix", "application_fee_amount"):
        if call.params.get(key):
            intent[key] = call.params[key]
    if "metadata" in call.params:
        generic.apply(intent, {"metadata": call.params["metadata"]})
    charge = call.objects.get("charge", intent["latest_charge"])
    charging.collect(call, charge, amount)
    call.emit("charge.captured", charge)
    intent_steps.paid(call, intent, amount)
    card = methods.cards.by_fingerprint((charge["payment_method_details"].get("card") or {}).get("fingerprint"))
    if card.dispute:
        disputes.open_dispute(call, charge, card.dispute)
    intent_steps.tell(call, intent)
    return intent


@behaviour("PostPaymentIntentsIntentIncrementAuthorization")
def increment(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.path["intent"])
    amount = call.params["amount"]
    if intent["status"] != "requires_capture":
        text = f"This PaymentIntent could not be incremented because it has a status of {intent['status']}. Only a "
        rest = "PaymentIntent with one of the following statuses may be incremented: requires_capture."
        raise intent_errors.unexpected(intent, text + rest)
    charge = call.objects.get("charge", intent["latest_charge"])
    details = charge["payment_method_details"].get("card") or {}
    if (details.get("incremental_authorization") or {}).get("status") != "available":
        text = "This PaymentIntent is not eligible for incremental authorization. Create it with "
        rest = "`payment_method_options[card][request_incremental_authorization]=if_available`."
        raise refs.invalid(text + rest)
    if amount <= intent["amount"]:
        text = f"The amount must be greater than the currently authorized amount ({intent['amount']})."
        raise refs.invalid(text, "amount", "amount_too_small")
    money.check_charge(amount, intent["currency"])
    intent |= {"amount": amount, "amount_capturable": amount}
    if call.params.get("description"):
        intent["description"] = call.params["description"]
    if "metadata" in call.params:
        generic.apply(intent, {"metadata": call.params["metadata"]})
    with changes.updating(call, charge, "charge.updated"):
        charge["amount"] = details["amount_authorized"] = amount
        details["overcapture"]["maximum_amount_capturable"] = amount
    call.objects.touch(intent)
    call.emit("payment_intent.amount_capturable_updated", intent)
    return intent


@behaviour("PostPaymentIntentsIntentCancel")
def cancel(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.path["intent"])
    if intent["status"] not in intent_errors.CANCELABLE:
        raise intent_errors.cannot_cancel(intent)
    return cancel_now(call, intent, call.params.get("cancellation_reason"))


def cancel_now(call: Call, intent: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    """Cancel an unpaid intent; an authorization is let go (as a refund of the uncaptured charge)."""
    if intent["status"] == "requires_capture":
        charge = call.objects.get("charge", intent["latest_charge"])
        refunds.release(call, charge)
    if intent["status"] == "processing":
        raise StripeError(
            400,
            "invalid_request_error",
            "payment_intent_unexpected_state",
            "You cannot cancel this PaymentIntent because its payment is already on its way to the bank.",
            payment_intent=intent_errors.shown(intent),
        )
    intent |= {"status": "canceled", "canceled_at": call.now, "cancellation_reason": reason}
    intent |= {"next_action": None, "amount_capturable": 0}
    call.objects.touch(intent)
    call.emit("payment_intent.canceled", intent)
    intent_steps.tell(call, intent)
    return intent
