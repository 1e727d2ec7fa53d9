"""Confirmation tokens: what the buyer typed in, handed from the browser to the confirmation. Used once."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox.behaviours import behaviour, methods, payment_methods, refs
from tillwright_sandbox.call import Call

LIFETIME = 12 * 3600


@behaviour("PostTestHelpersConfirmationTokens")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("payment_method_data"):
        method = payment_methods.from_params(call, params["payment_method_data"], "payment_method_data")
    elif params.get("payment_method"):
        method = methods.resolve(call, params["payment_method"])
    else:
        name = "payment_method_data"
        raise refs.invalid(f"Missing required param: {name}.", name, "parameter_missing")
    shown = ("type", "billing_details", "allow_redisplay", "customer", "customer_account", method["type"])
    token = {
        "id": call.new_id("ctoken"),
        "object": "confirmation_token",
        "created": call.now,
        "expires_at": call.now + LIFETIME,
        "livemode": call.livemode,
        "mandate_data": None,
        "payment_intent": None,
        "payment_method_options": None,
        "payment_method_preview": {key: method[key] for key in shown if key in method},
        "return_url": params.get("return_url"),
        "setup_future_usage": params.get("setup_future_usage"),
        "setup_intent": None,
        "shipping": params.get("shipping"),
        "use_stripe_sdk": False,
        "_payment_method": method["id"],
    }
    return call.objects.insert(token)


def method_of(call: Call, id: str, intent: dict[str, Any]) -> dict[str, Any]:
    """The payment method behind a token, which is thereby used up for this intent."""
    token = refs.named(call, "confirmation_token", id, "confirmation_token")
    if token["payment_intent"] or token["setup_intent"] or token["expires_at"] < call.now:
        why = "has expired" if token["expires_at"] < call.now else "has already been used"
        raise refs.invalid(f"The ConfirmationToken {id} {why}.", "confirmation_token", "resource_missing")
    token[intent["object"]] = intent["id"]
    if token["return_url"]:
        intent["_return_url"] = token["return_url"]
    if token["setup_future_usage"] and intent["object"] == "payment_intent":
        intent["setup_future_usage"] = token["setup_future_usage"]
    call.objects.touch(token)
    return methods.resolve(call, token["_payment_method"])
