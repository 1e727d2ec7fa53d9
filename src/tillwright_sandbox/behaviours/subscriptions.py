"""Subscriptions: made, changed, canceled and resumed through the API."""

import copy
from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import (
    active_entitlements,
    behaviour,
    discounts,
    intent_errors,
    invoice_collection,
    invoice_items,
    lists,
    periods,
    setup_intents,
    subscription_invoices,
    subscription_parts,
    subscription_states,
    subscription_terms,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError, invalid

Obj = dict[str, Any]


@behaviour("PostSubscriptions", "PostCustomersCustomerSubscriptions")
def create(call: Call) -> Obj:
    params = copy.deepcopy(call.params)
    params["customer"] = call.path.get("customer") or params.get("customer")
    return make(call, params)


def make(call: Call, params: Obj, **also: Any) -> Obj:
    """A subscription with its first invoice, finalised and collected as `payment_behavior` says.

    `also` sets further fields (schedule=, …). A card that is declined leaves it incomplete, or refuses the whole
    call under error_if_incomplete.
    """
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = call.objects.get("customer", params["customer"], param="customer")
    if not params.get("items"):
        raise invalid("Missing required param: items.", "items", "parameter_missing")
    found, currency = subscription_parts.check_entries(call, params["items"], params.get("currency"))
    _check_currency(call, customer, currency)
    trial_end = subscription_terms.trial_end(call, params, found)
    subscription_terms.check_collection(params.get("collection_method"), params.get("days_until_due"))
    subscription = generic.build(call, "subscription", **_fields(call, params, customer, currency, trial_end), **also)
    call.objects.insert(subscription)
    subscription["discounts"] = discounts.give(
        call, params.get("discounts"), customer=customer["id"], currency=currency, subscription=subscription["id"]
    )
    anchor = subscription["billing_cycle_anchor"]
    for entry, price in zip(params["items"], found, strict=True):
        period = (call.now, trial_end) if trial_end else subscription_parts.period_at(price, anchor, call.now)
        if params.get("backdate_start_date"):
            period = (params["backdate_start_date"], period[1])
        subscription_parts.make(call, subscription, entry, price, period)
    subscription_terms.set_end(call, subscription, params)
    if customer.get("currency") is None:
        customer["currency"] = currency
        call.objects.touch(customer)
    call.emit("customer.subscription.created", subscription)
    _first_invoice(call, subscription, params, found)
    active_entitlements.refresh(call, customer["id"])
    return subscription


def _check_currency(call: Call, customer: Obj, currency: str) -> None:
    known = customer.get("currency")
    if known in (None, currency):
        return
    living = call.objects.find("subscription", customer=customer["id"])
    if any(one["status"] not in subscription_states.ENDED and one["currency"] == known for one in living):
        text = "You cannot combine currencies on a single customer. This customer has an active subscription with "
        raise invalid(f"{text}currency {known}.", "items")


def _fields(call: Call, params: Obj, customer: Obj, currency: str, trial_end: int | None) -> Obj:
    terms = subscription_terms.plain(call, params, customer["id"])
    anchor = trial_end or params.get("billing_cycle_anchor") or params.get("backdate_start_date") or call.now
    return {
        "id": call.new_id("sub"),
        "automatic_tax": {"enabled": False, "liability": None, "disabled_reason": None},
        "billing_cycle_anchor": anchor,
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
        "billing_schedules": [],
        "cancellation_details": {"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer["id"],
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "metadata": {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": params.get("backdate_start_date") or call.now,
        "status": "trialing" if trial_end else "active",
        "test_clock": customer.get("test_clock"),
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": call.now if trial_end else None,
        **terms,
    }


def _first_invoice(call: Call, subscription: Obj, params: Obj, found: list[Obj]) -> None:
    behavior = params.get("payment_behavior") or "allow_incomplete"
    if behavior == "pending_if_incomplete":
        raise invalid("`payment_behavior=pending_if_incomplete` can only be used to update.", "payment_behavior")
    for index, entry in enumerate(params.get("add_invoice_items") or []):
        invoice_items.add_to_subscription(call, subscription, entry, f"add_invoice_items[{index}]")
    items = subscription_states.items_of(call, subscription)
    fraction = _first_fraction(call, subscription, params, found)
    invoice = subscription_invoices.draft(call, subscription, items, "subscription_create", fraction=fraction)
    automatic = subscription["collection_method"] == "charge_automatically"
    due = automatic and invoice["amount_due"] > 0
    unpayable = due and invoice_collection.method_for(call, invoice) is None
    if unpayable and subscription["schedule"]:
        return  # what a schedule begins goes on; its invoice is tried once it is finalised, an hour from now
    if unpayable and behavior != "default_incomplete":
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method. For more information, visit "
            "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
            code="resource_missing",
        )
    if due:
        subscription["status"] = "incomplete"
        call.objects.touch(subscription)
    intent = subscription_invoices.settle(
        call, invoice, off_session=bool(params.get("off_session")), attempt=behavior != "default_incomplete"
    )
    if behavior == "error_if_incomplete" and due and invoice["status"] != "paid":
        raise _incomplete(intent)
    if behavior == "default_incomplete" and not due and automatic:
        subscription["pending_setup_intent"] = _ask_for_method(call, subscription, invoice)
        call.objects.touch(subscription)


def _first_fraction(call: Call, subscription: Obj, params: Obj, found: list[Obj]) -> tuple[int, int]:
    """How much of a full period the first one is, where the anchor was chosen or the start lies in the past."""
    interval, count = periods.shortest(found)
    anchor = subscription["billing_cycle_anchor"]
    start = subscription["start_date"]
    if subscription["trial_end"] or anchor == call.now:
        return 1, 1
    if params.get("proration_behavior") == "none":
        return (0, 1) if anchor > call.now else (1, 1)
    end = periods.next_boundary(anchor, interval, count, call.now)
    before = periods.boundary(end, interval, count, -1)
    return end - start, end - before


def _incomplete(intent: Obj | None) -> StripeError:
    """402 of error_if_incomplete; nothing of the call is kept."""
    if intent and intent["last_payment_error"]:
        error = intent_errors.refused(intent, intent["last_payment_error"])
        error.keep = False
        return error
    return StripeError(
        402,
        "card_error",
        "subscription_payment_intent_requires_action",
        "Payment for this subscription requires additional user action before it can be completed successfully. "
        "Payment can be completed using the PaymentIntent associated with `subscription.latest_invoice`.",
    )


def _ask_for_method(call: Call, subscription: Obj, invoice: Obj) -> str | None:
    """Nothing is due yet and no method is known: a setup intent collects one for later."""
    if invoice_collection.method_for(call, invoice):
        return None
    return setup_intents.new(call, customer=subscription["customer"], usage="off_session")["id"]


@behaviour("GetSubscriptions", "GetCustomersCustomerSubscriptions")
def list_all(call: Call) -> pages.Page:
    """Canceled ones only when asked for (status=canceled, ended or all), a clock's by the clock or the customer."""
    params, status = call.params, call.params.get("status")
    equal: Obj = {}
    for name in ("customer", "collection_method", "test_clock"):
        if params.get(name) is not None:
            equal[name] = params[name]
    if call.path.get("customer"):
        equal["customer"] = call.objects.get("customer", call.path["customer"])["id"]
    if not equal.keys() & {"customer", "test_clock"}:
        equal["test_clock"] = None

    def fits(subscription: Obj) -> bool:
        if status == "ended":
            return subscription["status"] in subscription_states.ENDED and _items_fit(call, subscription)
        if status not in (None, "all"):
            return subscription["status"] == status and _items_fit(call, subscription)
        return (status == "all" or subscription["status"] != "canceled") and _items_fit(call, subscription)

    return lists.page(call, "subscription", fits, **equal)


_COMPARE = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}


def _items_fit(call: Call, subscription: Obj) -> bool:
    """The filters that look at the items: price and the bounds of their periods."""
    wanted = {
        name: call.params[name]
        for name in ("price", "current_period_start", "current_period_end")
        if name in call.params
    }
    if not wanted:
        return True
    found = [record.obj for record in call.objects.select("subscription_item", subscription=subscription["id"])]
    return any(all(_fits(item[name], value) for name, value in wanted.items()) for item in found)


def _fits(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(_COMPARE[word](held, bound) for word, bound in wanted.items())
    return held == wanted
