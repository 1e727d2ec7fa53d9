"""What a subscription does as time passes: renewed, its trial over, canceled at its end, expired unpaid."""

from typing import Any

from tillwright_sandbox.behaviours import (
    active_entitlements,
    invoice_states,
    item_changes,
    subscription_changes,
    subscription_invoices,
    subscription_parts,
    subscription_states,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.objects import Objects

Obj = dict[str, Any]
DAY = 86_400
FIRST_PAYMENT_WITHIN = 23 * 3600
TRIAL_WARNING = 3 * DAY


def next_due(objects: Objects, subscription: Obj) -> int | None:
    """Unix seconds of what comes next, None for nothing."""
    status = subscription["status"]
    if status in subscription_states.ENDED:
        return None
    if status == "incomplete":
        return subscription["created"] + FIRST_PAYMENT_WITHIN
    moments = [subscription["cancel_at"]]
    if status == "trialing":
        moments += [subscription["trial_end"], _warning(subscription)]
    elif status != "paused":
        items = objects.select("subscription_item", subscription=subscription["id"])
        moments.append(min((item.obj["current_period_end"] for item in items), default=None))
    moments.append((subscription["pause_collection"] or {}).get("resumes_at"))
    return min((moment for moment in moments if moment is not None), default=None)


def _warning(subscription: Obj) -> int | None:
    if subscription.get("_warned_of") == subscription["trial_end"]:
        return None
    return max(subscription["created"], subscription["trial_end"] - TRIAL_WARNING)


def act(call: Call, subscription: Obj) -> None:
    """The one thing that is due at call.now; what is due beside it comes in the next turn."""
    now = call.now
    paused_until = (subscription["pause_collection"] or {}).get("resumes_at")
    if subscription["status"] == "incomplete":
        subscription_states.expire(call, subscription)
    elif subscription["status"] == "trialing" and (_warning(subscription) or now + 1) <= now:
        subscription["_warned_of"] = subscription["trial_end"]
        call.objects.touch(subscription)
        call.emit("customer.subscription.trial_will_end", subscription)
    elif subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
        _end(call, subscription)
    elif paused_until is not None and paused_until <= now:
        with updating(call, subscription, "customer.subscription.updated"):
            subscription["pause_collection"] = None
    elif subscription["status"] == "trialing":
        _end_trial(call, subscription)
    else:
        _renew(call, subscription)


def _end(call: Call, subscription: Obj) -> None:
    """The planned end: what was used or is pending is billed, then it is over."""
    items = subscription_states.items_of(call, subscription)
    metered = [item for item in items if _is_metered(call, item)]
    if metered:
        arrears = {item["id"]: (item["current_period_start"], item["current_period_end"]) for item in metered}
        draft = subscription_invoices.draft(call, subscription, metered, "subscription_cycle", arrears=arrears)
        subscription_invoices.settle(call, draft)
    else:
        item_changes.bill_pending(call, subscription)
    if subscription["status"] not in subscription_states.ENDED:
        subscription_states.cancel(call, subscription)


def _is_metered(call: Call, item: Obj) -> bool:
    return subscription_parts.price_of(call, item)["recurring"]["usage_type"] == "metered"


def _end_trial(call: Call, subscription: Obj) -> None:
    """Without a payment method the trial's settings decide: an invoice all the same, a pause, or the end."""
    if subscription_changes.stops_unpaid(call, subscription):
        return
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["status"] = "active"
        _bill_next(call, subscription)
    active_entitlements.refresh(call, subscription["customer"])


def _renew(call: Call, subscription: Obj) -> None:
    with updating(call, subscription, "customer.subscription.updated"):
        subscription_invoices.drop_spent_discounts(call, subscription)
        _bill_next(call, subscription)


def _bill_next(call: Call, subscription: Obj) -> None:
    """Items whose period is over enter the next, on one draft that is finalised in an hour."""
    arrears: dict[str, tuple[int, int]] = {}
    due = [i for i in subscription_states.items_of(call, subscription) if i["current_period_end"] <= call.now]
    for item in due:
        price = subscription_parts.price_of(call, item)
        arrears[item["id"]] = (item["current_period_start"], item["current_period_end"])
        subscription_parts.set_period(
            call, item, subscription_parts.renewed(item, price, subscription["billing_cycle_anchor"])
        )
    invoice = subscription_invoices.draft(call, subscription, due, "subscription_cycle", arrears=arrears)
    _hold_back(call, subscription, invoice)


def _hold_back(call: Call, subscription: Obj, invoice: Obj) -> None:
    """Where collection is paused, or the subscription is unpaid, the invoice does not go its usual way."""
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if subscription["status"] == "unpaid" or behavior == "keep_as_draft":
        invoice["auto_advance"] = False
        invoice["automatically_finalizes_at"] = None
        call.objects.touch(invoice)
    elif behavior == "void":
        invoice_states.finalize(call, invoice)
        if invoice["status"] == "open":
            invoice_states.void(call, invoice)
    elif behavior == "mark_uncollectible":
        invoice_states.finalize(call, invoice)
        if invoice["status"] == "open":
            invoice_states.mark_uncollectible(call, invoice)


def warn_at_once(call: Call, subscription: Obj) -> None:
    """A trial shorter than the warning's lead is told of when it begins."""
    if subscription["status"] == "trialing" and (_warning(subscription) or call.now + 1) <= call.now:
        act(call, subscription)
