"""Change a running subscription: its terms, items, trial, discounts and end; and pause what it collects."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    active_entitlements,
    behaviour,
    discounts,
    invoice_collection,
    invoice_items,
    item_changes,
    subscription_invoices,
    subscription_parts,
    subscription_states,
    subscription_terms,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError, invalid, no_such

Obj = dict[str, Any]
_STILL_OPEN_WHEN_OVER = {"metadata", "cancellation_details"}


@behaviour("PostSubscriptionsSubscriptionExposedId", "PostCustomersCustomerSubscriptionsSubscriptionExposedId")
def update(call: Call) -> Obj:
    subscription = call.objects.get("subscription", call.path["subscription_exposed_id"])
    change(call, subscription, copy.deepcopy(call.params))
    return subscription


def change(call: Call, subscription: Obj, params: Obj) -> None:
    """Apply parameters to a subscription, with prorations and invoices as they follow."""
    if subscription["status"] in subscription_states.ENDED and set(params) - _STILL_OPEN_WHEN_OVER:
        text = "A canceled subscription can only update its cancellation_details and metadata."
        raise invalid(text, sorted(set(params) - _STILL_OPEN_WHEN_OVER)[0])
    if params.get("collection_method") or params.get("days_until_due") is not None:
        how = params.get("collection_method") or subscription["collection_method"]
        subscription_terms.check_collection(how, params.get("days_until_due", subscription["days_until_due"]))
    with updating(call, subscription, "customer.subscription.updated"):
        _set_terms(call, subscription, params)
        subscription_terms.set_end(call, subscription, params)
        if "pause_collection" in params:
            _pause_collection(subscription, params["pause_collection"])
        if "discounts" in params:
            _set_discounts(call, subscription, params["discounts"])
        for index, entry in enumerate(params.get("add_invoice_items") or []):
            invoice_items.add_to_subscription(call, subscription, entry, f"add_invoice_items[{index}]")
        if params.get("trial_end") is not None:
            _set_trial(call, subscription, params)
        if params.get("items") or params.get("billing_cycle_anchor") == "now":
            item_changes.apply(call, subscription, params.get("items") or [], params)
    active_entitlements.refresh(call, subscription["customer"])


def _set_terms(call: Call, subscription: Obj, params: Obj) -> None:
    fields = subscription_terms.plain(call, params, subscription["customer"])
    fields.pop("metadata", None)
    if fields.get("payment_settings") and subscription["payment_settings"]:
        fields["payment_settings"] = subscription["payment_settings"] | params["payment_settings"]
    subscription |= fields
    if fields.get("collection_method") == "charge_automatically":
        subscription["days_until_due"] = None
    if "metadata" in params:
        generic.apply(subscription, {"metadata": params["metadata"]})
    if params.get("default_source") == "":
        subscription["default_source"] = None
    if details := params.get("cancellation_details"):
        known = subscription["cancellation_details"] or {"comment": None, "feedback": None, "reason": None}
        subscription["cancellation_details"] = known | {name: value or None for name, value in details.items()}


def _pause_collection(subscription: Obj, given: Any) -> None:
    """Invoices go on, and are kept as drafts, written off or voided."""
    subscription["pause_collection"] = {"resumes_at": None, **given} if given else None


def _set_discounts(call: Call, subscription: Obj, entries: Any) -> None:
    """The new list replaces the old; a discount named by its id stays."""
    given = discounts.give(
        call,
        entries,
        customer=subscription["customer"],
        currency=subscription["currency"],
        subscription=subscription["id"],
    )
    for id in subscription["discounts"]:
        if id not in given and call.objects.maybe("discount", id):
            discounts.remove(call, id)
    subscription["discounts"] = given


def _set_trial(call: Call, subscription: Obj, params: Obj) -> None:
    """A new end of the trial moves the billing anchor with it; `now` ends the trial and bills at once."""
    if params["trial_end"] == "now":
        if subscription["trial_end"] and subscription["trial_end"] > call.now:
            subscription["trial_end"] = call.now
            if not stops_unpaid(call, subscription):
                restart(call, subscription, "subscription_update")
        return
    end = subscription_terms.trial_end(call, params, [])
    assert end is not None
    subscription |= {"trial_end": end, "billing_cycle_anchor": end, "status": "trialing"}
    subscription["trial_start"] = subscription["trial_start"] or call.now
    for item in subscription_states.items_of(call, subscription):
        subscription_parts.set_period(call, item, (item["current_period_start"], end))


def stops_unpaid(call: Call, subscription: Obj) -> bool:
    """Whether a trial that ends with no way to pay pauses or cancels the subscription, as its settings say."""
    behavior = ((subscription["trial_settings"] or {}).get("end_behavior") or {}).get("missing_payment_method")
    known = {
        "customer": subscription["customer"],
        "parent": {"subscription_details": {"subscription": subscription["id"]}},
    }
    automatic = subscription["collection_method"] == "charge_automatically"
    if not automatic or behavior not in ("cancel", "pause") or invoice_collection.method_for(call, known) is not None:
        return False
    if behavior == "cancel":
        subscription_states.cancel(call, subscription, None)
    else:
        subscription_states.set_status(call, subscription, "paused")
        call.emit("customer.subscription.paused", subscription)
    return True


def restart(call: Call, subscription: Obj, reason: str, off_session: bool = True) -> Obj:
    """A full period from now on, billed now; answers its invoice. The status follows the payment."""
    subscription["billing_cycle_anchor"] = call.now
    subscription["status"] = "active"
    items = subscription_states.items_of(call, subscription)
    for item in items:
        price = subscription_parts.price_of(call, item)
        subscription_parts.set_period(call, item, subscription_parts.period_at(price, call.now, call.now))
    invoice = subscription_invoices.draft(call, subscription, items, reason)
    subscription_invoices.settle(call, invoice, off_session=off_session)
    return invoice


@behaviour("DeleteSubscriptionsSubscriptionExposedId", "DeleteCustomersCustomerSubscriptionsSubscriptionExposedId")
def cancel(call: Call) -> Obj:
    """End it now; what remains of the period is given back (`prorate`) and billed (`invoice_now`) only if asked for."""
    subscription = call.objects.get("subscription", call.path["subscription_exposed_id"])
    if subscription["status"] in subscription_states.ENDED:
        raise no_such("subscription", subscription["id"])
    end_now(call, subscription, call.params)
    return subscription


def end_now(call: Call, subscription: Obj, params: Obj) -> None:
    items = subscription_states.items_of(call, subscription)
    if params.get("prorate"):
        item_changes.credit_all(call, subscription, items, call.now)
    if params.get("invoice_now"):
        item_changes.bill_pending(call, subscription)
    details = {name: value for name, value in (params.get("cancellation_details") or {}).items() if name != "reason"}
    subscription_states.cancel(call, subscription, "cancellation_requested", **details)


@behaviour("PostSubscriptionsSubscriptionResume")
def resume(call: Call) -> Obj:
    """A paused subscription (its trial ended with no way to pay) starts again, once its invoice is paid."""
    subscription = call.objects.get("subscription", call.path["subscription"])
    if subscription["status"] != "paused":
        text = f"Subscription {subscription['id']} is not paused; only a paused subscription can be resumed."
        raise StripeError(400, "invalid_request_error", None, text)
    with updating(call, subscription, "customer.subscription.updated"):
        if call.params.get("billing_cycle_anchor") == "unchanged":
            subscription["status"] = "active"
        else:
            invoice = restart(call, subscription, "subscription_update", off_session=False)
            if invoice["status"] != "paid":
                subscription["status"] = "paused"
    if subscription["status"] == "active":
        call.emit("customer.subscription.resumed", subscription)
    active_entitlements.refresh(call, subscription["customer"])
    return subscription
