"""Stripe's refusals about a payment intent's state, with the intent in the error's body."""

from __future__ import annotations

import copy
from typing import Any

from tillwright_sandbox.behaviours import declines
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError

CONFIRMABLE = "requires_confirmation, requires_action, requires_payment_method"
CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
    "processing",
)


def shown(intent: dict[str, Any]) -> dict[str, Any]:
    """An intent as an error's body carries it: without the sandbox's private keys."""
    return {key: copy.deepcopy(value) for key, value in intent.items() if not key.startswith("_")}


def unexpected(intent: dict[str, Any], message: str, param: str | None = None) -> StripeError:
    """400 payment_intent_unexpected_state (or setup_intent_…)."""
    kind = intent["object"]
    carried: dict[str, Any] = {kind: shown(intent)}
    return StripeError(400, "invalid_request_error", f"{kind}_unexpected_state", message, param, **carried)


def named(intent: dict[str, Any]) -> str:
    return "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"


def cannot_confirm(intent: dict[str, Any]) -> StripeError:
    what = named(intent)
    if intent["status"] in ("succeeded", "requires_capture", "processing"):
        did = {"succeeded": "succeeded", "requires_capture": "been authorized", "processing": "been confirmed"}
        text = f"You cannot confirm this {what} because it has already {did[intent['status']]} after being previously "
        return unexpected(intent, text + "confirmed.")
    text = f"You cannot confirm this {what} because it has a status of {intent['status']}. Only a {what} with one of "
    return unexpected(intent, f"{text}the following statuses may be confirmed: {CONFIRMABLE}.")


def no_method(intent: dict[str, Any]) -> StripeError:
    what = named(intent)
    text = f"You cannot confirm this {what} because it's missing a payment method. You can either update the {what} "
    rest = "with a payment method and then confirm it again, or confirm it again directly with a payment method or "
    return unexpected(intent, f"{text}{rest}ConfirmationToken.")


def cannot_cancel(intent: dict[str, Any]) -> StripeError:
    what = named(intent)
    allowed = ", ".join(s for s in CANCELABLE if what == "PaymentIntent" or s != "requires_capture")
    text = f"You cannot cancel this {what} because it has a status of {intent['status']}. Only a {what} with one of "
    return unexpected(intent, f"{text}the following statuses may be canceled: {allowed}.")


def no_return_url(intent: dict[str, Any]) -> StripeError:
    what = named(intent)
    text = (
        f"This {what} is configured to accept payment methods enabled in your Dashboard. Because some of these payment "
        "methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to "
        "accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
    )
    carried: dict[str, Any] = {intent["object"]: shown(intent)}
    return StripeError(400, "invalid_request_error", None, text, "return_url", **carried)


def refused(intent: dict[str, Any], error: dict[str, Any]) -> StripeError:
    """The 402 (a bank's refusal: 400) of an attempt that failed; what it left in the store is kept."""
    kept = copy.deepcopy(error)
    kind, code, message = kept.pop("type"), kept.pop("code"), kept.pop("message")
    kept.pop("doc_url", None)
    decline_code = kept.pop("decline_code", None)
    kept[intent["object"]] = shown(intent)
    status = 402 if kind == "card_error" else 400
    return StripeError(status, kind, code, message, None, decline_code, keep=True, **kept)


def authentication_needed(intent: dict[str, Any], method: dict[str, Any], charge: str | None) -> dict[str, Any]:
    """The stored error of an off-session payment whose buyer would have to authenticate."""
    return declines.stored(declines.DECLINES["authentication_required"], method, charge)


def missing_customer(method: dict[str, Any]) -> StripeError:
    text = f"The PaymentMethod {method['id']} belongs to a Customer. Please include the Customer in the `customer` "
    return StripeError(400, "invalid_request_error", None, text + "parameter.", "payment_method")


def other_customer(method: dict[str, Any]) -> StripeError:
    text = f"The provided PaymentMethod {method['id']} does not belong to the Customer of this request."
    return StripeError(400, "invalid_request_error", None, text, "payment_method")


def check_owner(call: Call, method: dict[str, Any], customer: str | None) -> None:
    """A saved payment method is used only for its own customer; a spent one not at all."""
    from tillwright_sandbox.behaviours.payment_methods import SPENT

    if method["customer"] and not customer:
        raise missing_customer(method)
    if method["customer"] and method["customer"] != customer:
        raise other_customer(method)
    if not method["customer"] and call.objects.maybe("_spent", method["id"]):
        raise StripeError(400, "invalid_request_error", None, SPENT, "payment_method")
