"""Customers: who pays. Their defaults, their saved payment methods, and what their deletion takes with it."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    behaviour,
    changes,
    customer_credit,
    customer_sources,
    methods,
    payment_methods,
    refs,
)
from tillwright_sandbox.call import Call

_TEXTS = ("description", "email", "name", "phone", "business_name", "individual_name")
_DEFAULTS = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}


@behaviour("PostCustomers")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    _check(call, params)
    clock = params.get("test_clock")
    customer: dict[str, Any] = {
        "id": call.new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": "".join(call.world.dice.choices("ABCDEF0123456789", k=8)),
        "invoice_settings": dict(_DEFAULTS),
        "livemode": call.livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
    }
    call.objects.insert(customer)
    _put(customer, params)
    call.emit("customer.created", customer)
    if params.get("payment_method"):
        method = methods.resolve(call, params["payment_method"])
        payment_methods.attach_to(call, method, customer)
        if (params.get("invoice_settings") or {}).get("default_payment_method") == params["payment_method"]:
            params["invoice_settings"]["default_payment_method"] = method["id"]
    if params.get("source"):
        added = customer_sources.add(call, customer, params["source"], told=True)
        customer["default_source"] = added["id"]
    _put_invoice_settings(call, customer, params)
    for tax_id in params.get("tax_id_data") or []:
        _add_tax_id(call, customer, tax_id)
    if params.get("balance"):
        customer["currency"] = customer["currency"] or call.account.currency
        customer_credit.move(call, customer["id"], params["balance"], customer["currency"], "initial")
    call.objects.touch(customer)
    return customer


def _check(call: Call, params: dict[str, Any]) -> None:
    email = params.get("email")
    if email and ("@" not in email or email.startswith("@") or email.endswith("@") or " " in email):
        raise refs.invalid(f"Invalid email address: {email}", "email", "email_invalid")
    if clock := params.get("test_clock"):
        refs.named(call, "test_helpers.test_clock", clock, "test_clock", "test clock")
    prefix = params.get("invoice_prefix")
    if prefix and not (3 <= len(prefix) <= 12 and prefix.isalnum() and prefix.upper() == prefix):
        text = "Invalid invoice_prefix: it must be 3 to 12 uppercase letters or numbers."
        raise refs.invalid(text, "invoice_prefix")


def _put(customer: dict[str, Any], params: dict[str, Any]) -> None:
    """Write the plain parameters over a customer; an empty string unsets."""
    for key in _TEXTS:
        if key in params:
            customer[key] = params[key] or None
    # Present only where they were given: the schema knows no null for them.
    for key in ("business_name", "individual_name"):
        if customer.get(key, "") is None:
            del customer[key]
    if "address" in params:
        customer["address"] = {**methods.EMPTY_ADDRESS, **params["address"]} if params["address"] else None
    if "shipping" in params:
        given = params["shipping"]
        customer["shipping"] = given and {
            "address": {**methods.EMPTY_ADDRESS, **(given.get("address") or {})},
            "name": given.get("name"),
            "phone": given.get("phone") or None,
        }
        customer["shipping"] = customer["shipping"] or None
    for key in ("preferred_locales", "next_invoice_sequence", "invoice_prefix"):
        if params.get(key):
            customer[key] = params[key]
    if "tax_exempt" in params:
        customer["tax_exempt"] = params["tax_exempt"] or "none"
    if "metadata" in params:
        generic.apply(customer, {"metadata": params["metadata"]})


def _put_invoice_settings(call: Call, customer: dict[str, Any], params: dict[str, Any]) -> None:
    settings = params.get("invoice_settings")
    if not settings:
        return
    kept = customer["invoice_settings"]
    if id := settings.get("default_payment_method"):
        method = call.objects.maybe("payment_method", id)
        if method is None or method["customer"] != customer["id"]:
            text = f"The customer does not have a payment method with the ID {id}. The payment method must be attached "
            raise refs.invalid(
                text + "to the customer.", "invoice_settings[default_payment_method]", "resource_missing"
            )
    for key in ("default_payment_method", "footer", "custom_fields"):
        if key in settings:
            kept[key] = settings[key] or None
    if "rendering_options" in settings:
        given = settings["rendering_options"] or {}
        shown = {"amount_tax_display": given.get("amount_tax_display") or None, "template": given.get("template")}
        kept["rendering_options"] = shown if given else None


def _add_tax_id(call: Call, customer: dict[str, Any], given: dict[str, Any]) -> None:
    tax_id = generic.build(
        call,
        "tax_id",
        id=call.new_id("txi"),
        object="tax_id",
        country=given["type"][:2].upper(),
        created=call.now,
        customer=customer["id"],
        livemode=call.livemode,
        owner={"type": "customer", "customer": customer["id"]},
        type=given["type"],
        value=given["value"],
        verification={"status": "pending", "verified_address": None, "verified_name": None},
    )
    call.objects.insert(tax_id)
    call.emit("customer.tax_id.created", tax_id)


@behaviour("GetCustomersCustomer")
def retrieve(call: Call) -> dict[str, Any]:
    """A deleted customer answers 200 with its stub, as nothing else does."""
    id = call.path["customer"]
    record = call.objects.record("customer", id)
    if record is not None and record.deleted:
        return {"id": id, "object": "customer", "deleted": True}
    return call.objects.get("customer", id, "id")


@behaviour("PostCustomersCustomer")
def update(call: Call) -> dict[str, Any]:
    customer = refs.in_path(call, "customer", call.path["customer"])
    params = call.params
    _check(call, params)
    with changes.updating(call, customer, "customer.updated"):
        _put(customer, params)
        _put_invoice_settings(call, customer, params)
        if params.get("source"):
            added = customer_sources.add(call, customer, params["source"], told=True)
            customer["default_source"] = added["id"]
        for key in ("default_source", "default_card", "default_bank_account"):
            if params.get(key):
                customer_sources.check_owner(call, customer, params[key])
                customer["default_source"] = params[key]
    if "balance" in params and params["balance"] != customer["balance"]:
        code = customer["currency"] or call.account.currency
        customer_credit.move(call, customer["id"], params["balance"] - customer["balance"], code, "adjustment")
    return customer


@behaviour("DeleteCustomersCustomer")
def delete(call: Call) -> dict[str, Any]:
    """The customer becomes a stub; its subscriptions end at once and its payment methods are let go."""
    from tillwright_sandbox.behaviours import subscription_states  # which stands on customers itself

    customer = refs.in_path(call, "customer", call.path["customer"])
    id = customer["id"]
    for subscription in call.objects.find("subscription", customer=id):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            subscription_states.cancel(call, subscription, None)
    for method in call.objects.find("payment_method", customer=id):
        payment_methods.release(call, method)
    call.emit("customer.deleted", dict(customer))
    return call.objects.delete("customer", id)
