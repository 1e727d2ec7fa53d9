"""Payment intents: one intention to be paid, from its amount to its charge."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    behaviour,
    intent_errors,
    intent_options,
    intent_steps,
    methods,
    money,
    payment_methods,
    refs,
)
from tillwright_sandbox.call import Call

_PLAIN = (
    "description", "metadata", "receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix",
    "transfer_group", "setup_future_usage", "on_behalf_of", "application_fee_amount", "transfer_data",
    "excluded_payment_method_types", "allowed_payment_method_types",
)  # fmt: skip


def new(call: Call, amount: int, currency: str, **values: Any) -> dict[str, Any]:
    """A stored intent in requires_payment_method; tells payment_intent.created."""
    code = money.currency(currency)
    money.check_charge(amount, code)
    id = call.new_id("pi")
    types: list[str] = values.get("payment_method_types") or ["card"]
    intent: dict[str, Any] = {
        "id": id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": intent_options.client_secret(call, id),
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": code,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": call.livemode,
        "managed_payments": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": intent_options.options("payment_intent", types, None),
        "payment_method_types": types,
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    intent |= {key: value for key, value in values.items() if value is not None}
    call.objects.insert(intent)
    call.emit("payment_intent.created", intent)
    return intent


def pay(
    call: Call,
    *,
    customer: str | None,
    payment_method: str | None,
    amount: int,
    currency: str,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    off_session: bool = True,
    invoice: str | None = None,
    intent: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Pay at once and answer the payment intent in the state it came to; a decline does not raise.

    States: succeeded; processing (bank debits); requires_action (the buyer must authenticate, only when not
    off_session); requires_payment_method (declined: last_payment_error is set; or no payment_method given).
    `intent`: try an earlier, unpaid intent again instead of making one. An amount Stripe would not charge
    (below the minimum) raises StripeError.
    """
    if intent is None:
        intent = new(
            call,
            amount,
            currency,
            customer=customer,
            description=description,
            metadata=dict(metadata or {}),
            payment_details={"customer_reference": None, "order_reference": invoice} if invoice else None,
        )
    if payment_method is None or intent["status"] in ("succeeded", "processing", "canceled"):
        return intent
    method = methods.resolve(call, payment_method)
    if method["type"] not in intent["payment_method_types"]:
        intent["payment_method_types"] = [*intent["payment_method_types"], method["type"]]
    intent_steps.attempt(call, intent, method, off_session=off_session)
    return intent


@behaviour("PostPaymentIntents")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    customer = refs.customer(call, params.get("customer"))
    types, automatic = intent_options.types(call)
    intent = new(
        call,
        params["amount"],
        params["currency"],
        customer=customer["id"] if customer else None,
        payment_method_types=types,
        automatic_payment_methods=automatic,
        payment_method_options=intent_options.options("payment_intent", types, params.get("payment_method_options")),
        capture_method=params.get("capture_method"),
        confirmation_method=params.get("confirmation_method"),
        **{key: params[key] for key in _PLAIN if key in params and params[key] != ""},
    )
    if details := params.get("payment_details"):
        named = {key: details.get(key) for key in ("customer_reference", "order_reference")}
        intent["payment_details"] = named
    if params.get("off_session") and not params.get("confirm"):
        raise refs.invalid("`off_session` can be used only with `confirm=true`.", "off_session")
    _choose_method(call, intent, params)
    return confirm_now(call, intent, params) if params.get("confirm") else intent


def _choose_method(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> None:
    """Set the payment method a request names or describes, if it does; the intent then waits for confirmation."""
    method = None
    if params.get("payment_method_data"):
        method = payment_methods.from_params(call, params["payment_method_data"], "payment_method_data")
    elif params.get("confirmation_token"):
        from tillwright_sandbox.behaviours import confirmation_tokens

        method = confirmation_tokens.method_of(call, params["confirmation_token"], intent)
    elif params.get("payment_method"):
        method = methods.resolve(call, params["payment_method"])
    elif intent["payment_method"] is None and intent["customer"] and params.get("confirm"):
        customer = call.objects.get("customer", intent["customer"])
        if customer.get("default_source"):  # as Stripe does for customers with a legacy default card
            method = methods.resolve(call, customer["default_source"])
    if method is None:
        return
    intent_errors.check_owner(call, method, intent["customer"])
    intent_options.check_type(intent, method)
    intent["payment_method"] = method["id"]
    if intent["status"] == "requires_payment_method":
        intent["status"] = "requires_confirmation"
    call.objects.touch(intent)


def confirm_now(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Confirm with what the request gives; a decline raises its 402 and keeps what it left behind."""
    if intent["payment_method"] is None:
        raise intent_errors.no_method(intent)
    off_session = params.get("off_session") not in (None, False, "")
    automatic = intent["automatic_payment_methods"]
    intent["_return_url"] = params.get("return_url") or intent.get("_return_url")
    redirects = automatic and automatic["allow_redirects"] == "always" and call.account.redirects
    if redirects and not intent["_return_url"] and not off_session:
        raise intent_errors.no_return_url(intent)
    method = methods.resolve(call, intent["payment_method"])
    if method["type"] in intent_steps.REDIRECTING and not intent["_return_url"]:
        raise intent_errors.no_return_url(intent)
    error = intent_steps.attempt(
        call, intent, method, off_session=off_session, no_action=bool(params.get("error_on_requires_action"))
    )
    intent_steps.tell(call, intent)
    if error:
        raise intent_errors.refused(intent, error)
    return intent


@behaviour("PostPaymentIntentsIntentConfirm")
def confirm(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.path["intent"])
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise intent_errors.cannot_confirm(intent)
    _change(call, intent, {k: v for k, v in call.params.items() if k != "confirmation_token"})
    _choose_method(call, intent, call.params | {"confirm": True})
    return confirm_now(call, intent, call.params)


def _change(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> None:
    for key in _PLAIN:
        if key in params and key != "metadata":
            intent[key] = params[key] if params[key] != "" else None
    if "metadata" in params:
        generic.apply(intent, {"metadata": params["metadata"]})
    if params.get("capture_method"):
        intent["capture_method"] = params["capture_method"]
    if types := params.get("payment_method_types"):
        intent |= {"payment_method_types": list(types), "automatic_payment_methods": None}
    if "payment_method_options" in params:
        given, kept = params["payment_method_options"] or None, intent["payment_method_options"]
        intent["payment_method_options"] = intent_options.options(
            "payment_intent", intent["payment_method_types"], given, kept
        )


@behaviour("PostPaymentIntentsIntent")
def update(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.path["intent"])
    params = call.params
    fixed = {"amount", "currency", "payment_method", "payment_method_data", "customer", "setup_future_usage"}
    if intent["status"] in ("succeeded", "canceled", "processing", "requires_capture") and fixed & params.keys():
        changed = sorted(fixed & params.keys())[0]
        text = f"This PaymentIntent's {changed} could not be updated because it has a status of {intent['status']}. "
        rest = "You may only update the amount of a PaymentIntent with one of the following statuses: "
        raise intent_errors.unexpected(intent, text + rest + intent_errors.CONFIRMABLE + ".", changed)
    if params.get("customer"):
        intent["customer"] = refs.named(call, "customer", params["customer"], "customer")["id"]
    if "amount" in params or "currency" in params:
        code = money.currency(params.get("currency", intent["currency"]))
        money.check_charge(params.get("amount", intent["amount"]), code)
        intent |= {"amount": params.get("amount", intent["amount"]), "currency": code}
    _change(call, intent, params)
    _choose_method(call, intent, params)
    call.objects.touch(intent)
    return intent


@behaviour("GetPaymentIntentsIntent")
def retrieve(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.path["intent"])
    secret = call.params.get("client_secret")
    if secret and secret != intent["client_secret"]:
        text = "The client_secret provided does not match any associated PaymentIntent."
        raise refs.invalid(text, "client_secret", "resource_missing")
    return intent
