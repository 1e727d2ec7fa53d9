"""Payment methods: made, attached to a customer, changed, detached."""

from __future__ import annotations

import copy
from typing import Any

from tillwright_sandbox import generic, pages, tables
from tillwright_sandbox.behaviours import banks, behaviour, changes, declines, lists, methods, raw_cards, refs
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError

_NUMBERED = {"sepa_debit": "iban"}


def from_params(call: Call, data: dict[str, Any], param: str = "") -> dict[str, Any]:
    """A new stored payment method from {type, card | us_bank_account | …, billing_details, metadata}."""
    if data.get("payment_method"):
        return _clone(call, data)
    type = data.get("type") or ("card" if data.get("card") else None)
    if type is None:
        name = f"{param}[type]" if param else "type"
        raise refs.invalid(f"Missing required param: {name}.", name, "parameter_missing")
    details = methods.billing(data.get("billing_details"))
    given = data.get(type)
    extra = {"metadata": data.get("metadata") or {}, "allow_redisplay": data.get("allow_redisplay") or "unspecified"}
    if type == "card":
        return _card(call, given, details, extra, f"{param}[card]" if param else "card")
    if type in banks.DELAYED:
        return _bank(call, type, given or {}, details, extra, param)
    if f"payment_method_{type}" in tables.schemas():
        part = generic.build(call, f"payment_method_{type}", **_known(type, given or {}))
    else:
        part = {}
    return methods.make(call, type, part, details, **extra)


def _known(type: str, given: dict[str, Any]) -> dict[str, Any]:
    """Of what was given, what the stored object also shows."""
    shown = tables.schemas()[f"payment_method_{type}"].get("properties", {})
    return {key: value for key, value in given.items() if key in shown}


def _card(call: Call, given: Any, details: dict[str, Any], extra: dict[str, Any], param: str) -> dict[str, Any]:
    if not given:
        raise refs.invalid(f"Missing required param: {param}.", param, "parameter_missing")
    if given.get("token"):
        from tillwright_sandbox.behaviours import tokens

        held = tokens.spend(call, given["token"], f"{param}[token]")["card"]
        made = methods.from_legacy(call, held)
        return methods.make(call, "card", made["card"], methods.billing(details, made["billing_details"]), **extra)
    card, exp = raw_cards.read(call, given, param)
    return methods.make(call, "card", methods.card_part(card, exp, details), details, **extra)


def _bank(
    call: Call, type: str, given: dict[str, Any], details: dict[str, Any], extra: dict[str, Any], param: str
) -> dict[str, Any]:
    key = _NUMBERED.get(type, "account_number")
    number = str(given.get(key) or "").replace(" ", "").upper()
    if not number:
        name = f"{param}[{type}][{key}]" if param else f"{type}[{key}]"
        raise refs.invalid(f"Missing required param: {name}.", name, "parameter_missing")
    if not details.get("name") and type in ("us_bank_account", "sepa_debit"):
        name = "billing_details[name]"
        raise refs.invalid(f"Missing required param: {name}.", name, "parameter_missing")
    part = methods.bank_part(call, banks.by_number(type, number), given)
    return methods.make(call, type, part, details, **extra)


def _clone(call: Call, data: dict[str, Any]) -> dict[str, Any]:
    """A copy of a payment method, as a platform makes one to use on a connected account."""
    origin = methods.resolve(call, data["payment_method"])
    part = copy.deepcopy(origin[origin["type"]])
    return methods.make(call, origin["type"], part, methods.billing(origin["billing_details"]))


def attach_to(call: Call, method: dict[str, Any], customer: dict[str, Any]) -> dict[str, Any]:
    """Save a payment method to a customer; a card that is refused on every use is refused here (402)."""
    if method.get("customer") == customer["id"]:
        return method
    if method.get("customer"):
        raise refs.invalid("The payment method you provided has already been attached to a customer.")
    if call.objects.maybe("_spent", method["id"]):
        raise refs.invalid(SPENT)
    card = methods.card_of(method)
    if card and (decline := card.declines(charging=False)):
        raise declined(decline)
    method["customer"] = customer["id"]
    call.objects.touch(method)
    call.emit("payment_method.attached", method)
    return method


SPENT = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and "
    "may not be used again."
)


def declined(decline: declines.Decline) -> StripeError:
    """The 402 of a card refused where nothing is stored of it."""
    error = declines.stored(decline, None)
    return StripeError(
        402,
        error.pop("type"),
        error.pop("code"),
        error.pop("message"),
        None,
        decline_code=error.pop("decline_code", None),
        **error,
    )


@behaviour("PostPaymentMethods")
def create(call: Call) -> dict[str, Any]:
    return from_params(call, call.params)


@behaviour("GetPaymentMethodsPaymentMethod")
def retrieve(call: Call) -> dict[str, Any]:
    id = call.path["payment_method"]
    for kind in ("card", "source"):
        if (found := call.objects.maybe(kind, id)) and not found.get("deleted"):
            return methods.from_legacy(call, found)
    return methods.ready_made(call, id) or call.objects.get("payment_method", id)


@behaviour("PostPaymentMethodsPaymentMethod")
def update(call: Call) -> dict[str, Any]:
    method = call.objects.get("payment_method", call.path["payment_method"])
    if not method["customer"]:
        raise refs.invalid("You must save this PaymentMethod to a customer before you can update it.")
    params = dict(call.params)
    params.pop("payto", None)
    with changes.updating(call, method, "payment_method.updated"):
        if "billing_details" in params:
            method["billing_details"] = methods.billing(params.pop("billing_details"), method["billing_details"])
        if isinstance(card := params.pop("card", None), dict) and "card" in method:
            method["card"] |= {key: card[key] for key in ("exp_month", "exp_year") if key in card}
        if isinstance(bank := params.pop("us_bank_account", None), dict) and "us_bank_account" in method:
            method["us_bank_account"] |= bank
        generic.apply(method, params)
    return method


@behaviour("PostPaymentMethodsPaymentMethodAttach")
def attach(call: Call) -> dict[str, Any]:
    id = call.params.get("customer")
    if not id:
        raise refs.invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = refs.named(call, "customer", id, "customer")
    return attach_to(call, methods.resolve(call, call.path["payment_method"]), customer)


@behaviour("PostPaymentMethodsPaymentMethodDetach")
def detach(call: Call) -> dict[str, Any]:
    method = call.objects.get("payment_method", call.path["payment_method"])
    owner = method["customer"]
    if not owner:
        text = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise refs.invalid(text)
    release(call, method)
    customer = call.objects.maybe("customer", owner)
    settings = (customer or {}).get("invoice_settings") or {}
    if customer and settings.get("default_payment_method") == method["id"]:
        settings["default_payment_method"] = None
        call.objects.touch(customer)
        old = {"invoice_settings": {"default_payment_method": method["id"]}}
        call.emit("customer.updated", customer, old)
    return method


def release(call: Call, method: dict[str, Any]) -> None:
    """Take a payment method off its customer, for good: it may never be used again."""
    owner, method["customer"] = method["customer"], None
    call.objects.touch(method)
    call.objects.insert({"object": "_spent", "id": method["id"]})
    call.emit("payment_method.detached", method, {"customer": owner})


def _listed(call: Call, customer: str | None) -> pages.Page:
    equal = {key: call.params[key] for key in ("type", "allow_redisplay") if call.params.get(key)}
    if customer:
        return lists.page(call, "payment_method", customer=customer, **equal)
    # Without a customer: those saved to anybody. One-off methods belong to no list.
    return lists.page(call, "payment_method", lambda method: bool(method["customer"]), **equal)


@behaviour("GetPaymentMethods")
def list_all(call: Call) -> pages.Page:
    refs.customer(call, call.params.get("customer"))
    return _listed(call, call.params.get("customer"))


@behaviour("GetCustomersCustomerPaymentMethods")
def list_of_customer(call: Call) -> pages.Page:
    return _listed(call, refs.in_path(call, "customer", call.path["customer"])["id"])


@behaviour("GetCustomersCustomerPaymentMethodsPaymentMethod")
def retrieve_of_customer(call: Call) -> dict[str, Any]:
    customer = refs.in_path(call, "customer", call.path["customer"])
    method = call.objects.maybe("payment_method", call.path["payment_method"])
    if method is None or method["customer"] != customer["id"]:
        text = f"No such PaymentMethod: '{call.path['payment_method']}'"
        raise StripeError(404, "invalid_request_error", "resource_missing", text, "payment_method")
    return method
