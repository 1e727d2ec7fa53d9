"""The buyer at the checkout page: pays, subscribes or saves a card, and the session is complete."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox.behaviours import (
    discounts,
    intent_errors,
    intent_steps,
    line_items,
    methods,
    nested,
    payment_intents,
    payment_methods,
    refs,
    setup_intents,
)
from tillwright_sandbox.call import Call


def complete(
    call: Call,
    session_id: str,
    *,
    payment_method: str = "pm_card_visa",
    email: str | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """What the page does when the buyer presses Pay. Answers the session; a refused card raises its 402.

    The events of the payment come first, checkout.session.completed last. A bank debit completes the session
    unpaid; checkout.session.async_payment_succeeded or _failed follows when the money came, or did not.
    """
    session = call.objects.get("checkout.session", session_id)
    if session["status"] != "open":
        raise refs.invalid(f"This Checkout Session is {session['status']}; only an open one can be completed.")
    customer = _customer(call, session, email, name)
    method = methods.resolve(call, payment_method)
    if session["mode"] == "payment":
        _pay(call, session, customer, method)
    elif session["mode"] == "subscription":
        _subscribe(call, session, customer, method)
    else:
        _set_up(call, session, customer, method)
    owner = customer or {}
    session["customer_details"] = {
        "address": method["billing_details"]["address"],
        "business_name": None,
        "email": email or owner.get("email") or session["customer_email"] or "buyer@example.com",
        "individual_name": None,
        "name": name or owner.get("name"),
        "phone": None,
        "tax_exempt": owner.get("tax_exempt", "none"),
        "tax_ids": [],
    }
    session |= {"status": "complete", "url": None}
    call.objects.touch(session)
    call.emit("checkout.session.completed", session)
    return session


def _customer(call: Call, session: dict[str, Any], email: str | None, name: str | None) -> dict[str, Any] | None:
    """The session's customer, made now when it calls for one; None for a guest."""
    if session["customer"]:
        return call.objects.get("customer", session["customer"])
    if session["customer_creation"] != "always":
        return None
    known = email or session["customer_email"] or "buyer@example.com"
    made = nested.perform(call, "PostCustomers", {"email": known} | ({"name": name} if name else {}))
    session["customer"] = made["id"]
    return made


def _redeem(call: Call, session: dict[str, Any], **owner: str) -> None:
    """Count the session's coupon or code as used; for a one-time payment no discount object stays."""
    for entry in session["discounts"] or []:
        given = {key: value for key, value in entry.items() if value}
        for id in discounts.give(call, [given], customer=session["customer"], currency=session["currency"], **owner):
            call.objects.forget("discount", id)


def _pay(call: Call, session: dict[str, Any], customer: dict[str, Any] | None, method: dict[str, Any]) -> None:
    if not session["amount_total"]:
        session["payment_status"] = "no_payment_required"
        _redeem(call, session)
        return
    data = session["_payment_intent_data"]
    copied = ("capture_method", "description", "receipt_email", "setup_future_usage", "transfer_group", "metadata")
    intent = payment_intents.new(
        call,
        session["amount_total"],
        session["currency"],
        customer=customer["id"] if customer else None,
        payment_method_types=list(dict.fromkeys([*session["payment_method_types"], method["type"]])),
        **{key: data[key] for key in copied if data.get(key)},
    )
    error = intent_steps.attempt(call, intent, method)
    if error:
        raise intent_errors.refused(intent, error)
    if intent["status"] == "requires_action":  # the buyer at the page authenticates there and then
        intent_steps.authenticate(call, intent)
        if intent["last_payment_error"]:
            raise intent_errors.refused(intent, intent["last_payment_error"])
    session["payment_intent"] = intent["id"]
    session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
    _redeem(call, session)


def _subscribe(call: Call, session: dict[str, Any], customer: dict[str, Any] | None, method: dict[str, Any]) -> None:
    assert customer is not None  # sessions that subscribe always make one
    payment_methods.attach_to(call, method, customer)
    items = line_items.of(call, ("checkout.session", session["id"]))
    recurring = [one for one in items if call.objects.get("price", one["price"])["type"] == "recurring"]
    once = [one for one in items if one not in recurring]
    data = session["_subscription_data"]
    names = ("metadata", "trial_period_days", "trial_end", "description", "billing_cycle_anchor", "default_tax_rates")
    params: dict[str, Any] = {
        "customer": customer["id"],
        "items": [{"price": one["price"], "quantity": one["quantity"]} for one in recurring],
        "default_payment_method": method["id"],
        "off_session": True,
        "payment_behavior": "error_if_incomplete",
        **{key: data[key] for key in names if key in data},
    }
    if once:
        params["add_invoice_items"] = [{"price": one["price"], "quantity": one["quantity"]} for one in once]
    if session["discounts"]:
        params["discounts"] = [{k: v for k, v in entry.items() if v} for entry in session["discounts"]]
    subscription = nested.perform(call, "PostSubscriptions", params)
    session |= {"subscription": subscription["id"], "invoice": subscription.get("latest_invoice")}
    session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"


def _set_up(call: Call, session: dict[str, Any], customer: dict[str, Any] | None, method: dict[str, Any]) -> None:
    intent = call.objects.get("setup_intent", session["setup_intent"])
    intent["customer"] = customer["id"] if customer else None
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    if method["type"] not in intent["payment_method_types"]:
        intent["payment_method_types"] = [*intent["payment_method_types"], method["type"]]
    setup_intents.confirm_now(call, intent, {"return_url": session["success_url"]})
    if intent["status"] == "requires_action":
        setup_intents.authenticate(call, intent)
    session["payment_status"] = "no_payment_required"


def follow(call: Call, intent: dict[str, Any]) -> None:
    """A payment that a completed session waited for came, or failed."""
    for session in call.objects.find("checkout.session", payment_intent=intent["id"]):
        if session["status"] != "complete" or session["payment_status"] != "unpaid":
            continue
        if intent["status"] == "succeeded":
            session["payment_status"] = "paid"
            call.objects.touch(session)
            call.emit("checkout.session.async_payment_succeeded", session)
        elif intent["status"] == "requires_payment_method":
            call.emit("checkout.session.async_payment_failed", session)


intent_steps.LISTENERS.append(follow)
