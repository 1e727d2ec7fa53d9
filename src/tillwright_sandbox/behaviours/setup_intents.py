"""Setup intents: a payment method proved and saved for later, without being charged."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    banks,
    behaviour,
    declines,
    intent_errors,
    intent_options,
    intent_steps,
    methods,
    payment_methods,
    refs,
)
from tillwright_sandbox.behaviours.declines import DECLINES, Decline
from tillwright_sandbox.call import Call

_PLAIN = ("description", "metadata", "on_behalf_of", "flow_directions", "excluded_payment_method_types")


@behaviour("PostSetupIntents")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    customer = refs.customer(call, params.get("customer"))
    types, automatic = intent_options.types(call)
    return new(
        call,
        customer=customer["id"] if customer else None,
        payment_method_types=types,
        automatic_payment_methods=automatic,
        payment_method_options=intent_options.options("setup_intent", types, params.get("payment_method_options")),
        usage=params.get("usage"),
        request=params,
        **{key: params[key] for key in _PLAIN if params.get(key)},
    )


def new(call: Call, *, request: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """A stored setup intent, confirmed when the request asks for it."""
    id = call.new_id("seti")
    types: list[str] = values.get("payment_method_types") or ["card"]
    intent: dict[str, Any] = {
        "id": id,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": intent_options.client_secret(call, id),
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": call.livemode,
        "managed_payments": None,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": intent_options.options("setup_intent", types, None),
        "payment_method_types": types,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    intent |= {key: value for key, value in values.items() if value is not None}
    call.objects.insert(intent)
    call.emit("setup_intent.created", intent)
    if request:
        _choose_method(call, intent, request)
        if request.get("confirm"):
            confirm_now(call, intent, request)
    return intent


def _choose_method(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> None:
    method = None
    if params.get("payment_method_data"):
        method = payment_methods.from_params(call, params["payment_method_data"], "payment_method_data")
    elif params.get("confirmation_token"):
        from tillwright_sandbox.behaviours import confirmation_tokens

        method = confirmation_tokens.method_of(call, params["confirmation_token"], intent)
    elif params.get("payment_method"):
        method = methods.resolve(call, params["payment_method"])
    if method is None:
        return
    intent_errors.check_owner(call, method, intent["customer"])
    intent_options.check_type(intent, method)
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    call.objects.touch(intent)


@behaviour("PostSetupIntentsIntentConfirm")
def confirm(call: Call) -> dict[str, Any]:
    intent = call.objects.get("setup_intent", call.path["intent"])
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise intent_errors.cannot_confirm(intent)
    _choose_method(call, intent, call.params)
    return confirm_now(call, intent, call.params)


def confirm_now(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Save the method, ask for authentication, or raise the 402 of a refused card."""
    if intent["payment_method"] is None:
        raise intent_errors.no_method(intent)
    intent["_return_url"] = params.get("return_url") or intent.get("_return_url")
    automatic = intent["automatic_payment_methods"]
    redirects = automatic and automatic["allow_redirects"] == "always" and call.account.redirects
    if redirects and not intent["_return_url"]:
        raise intent_errors.no_return_url(intent)
    method = methods.resolve(call, intent["payment_method"])
    card = methods.card_of(method)
    intent |= {"last_setup_error": None, "next_action": None}
    if card and (decline := card.declines(charging=False)):
        raise intent_errors.refused(intent, fail(call, intent, method, decline))
    authenticate_now = intent_steps.needs_authentication(call, card, method, off_session=False)
    if authenticate_now or method["type"] in intent_steps.REDIRECTING:
        _attempt(call, intent, method, "requires_action")
        intent_steps.ask(call, intent, method)
    else:
        succeed(call, intent, method)
    return intent


def succeed(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> None:
    """The method is proved: attached to the intent's customer, and allowed for later payments."""
    if intent["customer"] and not method["customer"]:
        payment_methods.attach_to(call, method, call.objects.get("customer", intent["customer"]))
    if intent["usage"] == "off_session":
        intent_steps.authorize_for_later(call, method)
    _attempt(call, intent, method, "succeeded")
    if method["type"] in banks.DELAYED and intent["mandate"] is None:
        intent["mandate"] = _mandate(call, method)["id"]
    intent |= {"status": "succeeded", "next_action": None}
    call.objects.touch(intent)
    call.emit("setup_intent.succeeded", intent)


def fail(call: Call, intent: dict[str, Any], method: dict[str, Any], decline: Decline) -> dict[str, Any]:
    """Back to requires_payment_method, with the error kept; answers it."""
    error = declines.stored(decline, intent_errors.shown(method))
    _attempt(call, intent, method, "failed", error)
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_setup_error": error}
    intent["next_action"] = None
    call.objects.touch(intent)
    call.emit("setup_intent.setup_failed", intent)
    return error


def _attempt(
    call: Call, intent: dict[str, Any], method: dict[str, Any], status: str, error: dict[str, Any] | None = None
) -> None:
    details: dict[str, Any] = {"type": method["type"]}
    if method["type"] == "card":
        held = method["card"]
        copied = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet", "checks")
        details["card"] = {key: held.get(key) for key in copied}
        details["card"] |= {"network": held["brand"], "three_d_secure": None}
    elif method["type"] == "us_bank_account":
        details["us_bank_account"] = {}
    attempt = {
        "id": call.new_id("setatt"),
        "object": "setup_attempt",
        "application": None,
        "created": call.now,
        "customer": intent["customer"],
        "customer_account": None,
        "flow_directions": intent["flow_directions"],
        "livemode": call.livemode,
        "on_behalf_of": intent["on_behalf_of"],
        "payment_method": method["id"],
        "payment_method_details": details,
        "setup_error": error,
        "setup_intent": intent["id"],
        "status": status,
        "usage": intent["usage"],
    }
    call.objects.insert(attempt)
    intent["latest_attempt"] = attempt["id"]


def _mandate(call: Call, method: dict[str, Any]) -> dict[str, Any]:
    acceptance = {"accepted_at": call.now, "type": "online", "online": {"ip_address": None, "user_agent": None}}
    mandate = generic.build(
        call,
        "mandate",
        id=call.new_id("mandate"),
        object="mandate",
        customer_acceptance=acceptance,
        livemode=call.livemode,
        multi_use={},
        payment_method=method["id"],
        payment_method_details={"type": method["type"], method["type"]: _mandate_part(call, method["type"])},
        status="active",
        type="multi_use",
    )
    return call.objects.insert(mandate)


def _mandate_part(call: Call, type: str) -> dict[str, Any]:
    return generic.build(call, f"mandate_{type}")


def authenticate(call: Call, intent: dict[str, Any], succeed_: bool = True) -> dict[str, Any]:
    """The buyer did what requires_action asked for, or failed to."""
    if intent["status"] != "requires_action":
        text = f"This SetupIntent has a status of {intent['status']}; there is nothing to authenticate."
        raise intent_errors.unexpected(intent, text)
    method = methods.resolve(call, intent["payment_method"])
    if succeed_:
        succeed(call, intent, method)
    else:
        failure = Decline("setup_intent_authentication_failure", None, DECLINES["authentication_failed"].message)
        fail(call, intent, method, failure)
    return intent


@behaviour("PostSetupIntentsIntent")
def update(call: Call) -> dict[str, Any]:
    intent = call.objects.get("setup_intent", call.path["intent"])
    if intent["status"] in ("succeeded", "canceled") and call.params.get("payment_method"):
        text = f"This SetupIntent's payment_method could not be updated because it has a status of {intent['status']}."
        raise intent_errors.unexpected(intent, text, "payment_method")
    if call.params.get("customer"):
        intent["customer"] = refs.named(call, "customer", call.params["customer"], "customer")["id"]
    generic.apply(intent, {key: call.params[key] for key in ("description", "metadata") if key in call.params})
    _choose_method(call, intent, call.params)
    call.objects.touch(intent)
    return intent


@behaviour("PostSetupIntentsIntentCancel")
def cancel(call: Call) -> dict[str, Any]:
    intent = call.objects.get("setup_intent", call.path["intent"])
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise intent_errors.cannot_cancel(intent)
    reason = call.params.get("cancellation_reason")
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    call.objects.touch(intent)
    call.emit("setup_intent.canceled", intent)
    return intent
