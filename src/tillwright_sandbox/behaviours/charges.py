"""Charges: made by payment intents; here they are read, updated, captured, and refused where they can't be made."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    behaviour,
    changes,
    charging,
    disputes,
    methods,
    money,
    payment_methods,
    refs,
)
from tillwright_sandbox.call import Call

TOKENS_REFUSED = (
    "This account can't charge card tokens through the Charges API: it is turned off by default. Use the Payment "
    "Intents API with a PaymentMethod instead, or save the card to a customer first and charge the customer. See "
    "https://stripe.com/docs/payments/payment-intents/migration/charges."
)


@behaviour("PostCharges")
def create(call: Call) -> dict[str, Any]:
    """A charge on a customer's saved card; card tokens and numbers are refused, as new accounts have it."""
    params = call.params
    for key in ("amount", "currency"):
        if params.get(key) in (None, ""):
            raise refs.invalid(f"Missing required param: {key}.", key, "parameter_missing")
    code = money.currency(params["currency"])
    money.check_charge(params["amount"], code)
    source = params.get("source") or ""
    if params.get("card") or source.startswith("tok_"):
        raise refs.invalid(TOKENS_REFUSED, "source" if source else "card", "charge_invalid_parameter")
    if source.startswith("pm_"):
        raise refs.invalid(
            "You cannot create a charge with a PaymentMethod. Use the Payment Intents API instead.", "source"
        )
    customer = refs.customer(call, params.get("customer"))
    method = _method(call, source, customer)
    copied = (
        "description", "receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_group", "on_behalf_of", "application_fee_amount",
    )  # fmt: skip
    card = methods.card_of(method)
    charge = charging.make(
        call,
        amount=params["amount"],
        currency=code,
        method=method,
        decline=card.declines(charging=True) if card else None,
        captured=params.get("capture") is not False,
        customer=customer["id"] if customer else None,
        metadata=dict(params.get("metadata") or {}),
        **{key: params[key] for key in copied if params.get(key)},
    )
    if card and (decline := card.declines(charging=True)):
        error = payment_methods.declined(decline)
        error.keep = True
        error.extra["charge"] = charge["id"]
        raise error
    if card and card.dispute and charge["captured"]:
        disputes.open_dispute(call, charge, card.dispute)
    return charge


def _method(call: Call, source: str, customer: dict[str, Any] | None) -> dict[str, Any]:
    if not source:
        if customer is None:
            raise refs.invalid("Must provide source or customer.", "source", "parameter_missing")
        source = customer.get("default_source") or ""
        if not source:
            text = "Cannot charge a customer that has no active card"
            raise refs.invalid(text, "card", "missing")
    method = methods.resolve(call, source, "source")
    if method["customer"] != (customer["id"] if customer else None) and (method["customer"] or customer):
        named = customer["id"] if customer else "(none given)"
        raise refs.invalid(f"Customer {named} does not have a linked source with ID {source}.", "source", "missing")
    return method


@behaviour("PostChargesCharge")
def update(call: Call) -> dict[str, Any]:
    charge = call.objects.get("charge", call.path["charge"])
    params = dict(call.params)
    if params.get("customer"):
        if charge["customer"]:
            raise refs.invalid("You cannot change the customer of a charge that has one.", "customer")
        params["customer"] = refs.named(call, "customer", params["customer"], "customer")["id"]
    fraud = params.pop("fraud_details", None)
    with changes.updating(call, charge, "charge.updated"):
        generic.apply(charge, params)
        if fraud:
            charge["fraud_details"] = {**charge["fraud_details"], **{k: v for k, v in fraud.items() if v}}
    return charge


@behaviour("PostChargesChargeCapture")
def capture(call: Call) -> dict[str, Any]:
    charge = call.objects.get("charge", call.path["charge"])
    if charge["payment_intent"]:
        text = "This charge was made by a PaymentIntent. Capture the PaymentIntent instead: "
        raise refs.invalid(text + f"/v1/payment_intents/{charge['payment_intent']}/capture.", "charge")
    if charge["captured"]:
        raise refs.invalid(f"Charge {charge['id']} has already been captured.", None, "charge_already_captured")
    if charge["status"] != "succeeded" or charge["refunded"]:
        text = f"Charge {charge['id']} can't be captured: it is {'refunded' if charge['refunded'] else 'failed'}."
        raise refs.invalid(text, None, "charge_expired_for_capture")
    amount = call.params.get("amount", charge["amount"])
    if not 1 <= amount <= charge["amount"]:
        text = f"Amount {amount} can't be captured: the charge is for {charge['amount']}."
        raise refs.invalid(text, "amount", "amount_too_large")
    charging.collect(call, charge, amount)
    call.emit("charge.captured", charge)
    return charge
