"""The life of a subscription: how its status follows its invoices, its trial and its end; each step with its events."""

from typing import Any

from tillwright_sandbox.behaviours import active_entitlements, customer_credit, invoice_drafts, invoice_states
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call

Obj = dict[str, Any]
ENDED = ("canceled", "incomplete_expired")


def items_of(call: Call, subscription: Obj) -> list[Obj]:
    """The subscription's items, oldest first."""
    return list(reversed(call.objects.find("subscription_item", subscription=subscription["id"])))


def invoices_of(call: Call, subscription: Obj, *statuses: str) -> list[Obj]:
    """The subscription's invoices in one of these statuses, newest first."""
    found = call.objects.find("invoice", customer=subscription["customer"])
    mine = (one for one in found if invoice_drafts.subscription_of(one) == subscription["id"])
    return [one for one in mine if one["status"] in statuses]


def set_status(call: Call, subscription: Obj, status: str) -> None:
    """Change the status, with customer.subscription.updated and what it entitles to."""
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["status"] = status
    active_entitlements.refresh(call, subscription["customer"])


def invoice_paid(call: Call, subscription: Obj, invoice: Obj) -> None:
    """A paid invoice starts an incomplete subscription, and heals a late one once nothing else is open."""
    if subscription["status"] == "incomplete" and invoice["billing_reason"] == "subscription_create":
        set_status(call, subscription, "trialing" if _in_trial(call, subscription) else "active")
        _keep_payment_method(call, subscription, invoice)
    elif subscription["status"] in ("past_due", "unpaid") and invoice["id"] == subscription["latest_invoice"]:
        set_status(call, subscription, "active")


def _in_trial(call: Call, subscription: Obj) -> bool:
    return subscription["trial_end"] is not None and subscription["trial_end"] > call.now


def _keep_payment_method(call: Call, subscription: Obj, invoice: Obj) -> None:
    """payment_settings.save_default_payment_method = on_subscription: the method that paid becomes the default."""
    settings = subscription["payment_settings"] or {}
    if settings.get("save_default_payment_method") != "on_subscription":
        return
    for payment in call.objects.find("invoice_payment", invoice=invoice["id"], status="paid"):
        intent = call.objects.maybe("payment_intent", payment["payment"].get("payment_intent"))
        if intent and intent["payment_method"]:
            subscription["default_payment_method"] = intent["payment_method"]
            call.objects.touch(subscription)


def invoice_failed(call: Call, subscription: Obj, invoice: Obj) -> None:
    """An invoice that could not be collected makes a running subscription past_due; an incomplete one stays so."""
    if subscription["latest_invoice"] == invoice["id"] and subscription["status"] in ("active", "trialing"):
        set_status(call, subscription, "past_due")


def invoice_voided(call: Call, subscription: Obj, invoice: Obj) -> None:
    """A voided first invoice ends an incomplete subscription; a voided late one heals it."""
    if invoice["id"] != subscription["latest_invoice"]:
        return
    if subscription["status"] == "incomplete":
        expire(call, subscription, void_invoice=False)
    elif subscription["status"] in ("past_due", "unpaid"):
        set_status(call, subscription, "active")


def expire(call: Call, subscription: Obj, void_invoice: bool = True) -> None:
    """23 hours without its first payment: incomplete_expired, and the open invoice is void."""
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["status"] = "incomplete_expired"
        subscription["ended_at"] = call.now
    _end_schedule(call, subscription, "aborted")
    if void_invoice:
        for invoice in invoices_of(call, subscription, "open"):
            invoice_states.void(call, invoice)


def cancel(call: Call, subscription: Obj, reason: str | None = "cancellation_requested", **details: Any) -> None:
    """End it now. `details` may carry comment and feedback."""
    subscription["status"] = "canceled"
    subscription["canceled_at"] = subscription["canceled_at"] or call.now
    subscription["ended_at"] = call.now
    known = subscription["cancellation_details"] or {"comment": None, "feedback": None, "feedback_option": None}
    given = {name: value or None for name, value in details.items()}
    subscription["cancellation_details"] = {**known, **given, "reason": known.get("reason") or reason}
    call.objects.touch(subscription)
    call.emit("customer.subscription.deleted", subscription)
    for invoice in invoices_of(call, subscription, "draft"):
        invoice["auto_advance"] = False
        call.objects.touch(invoice)
    for invoice in invoices_of(call, subscription, "open"):
        if invoice["auto_advance"] or invoice["next_payment_attempt"]:
            with updating(call, invoice, "invoice.updated"):
                invoice["auto_advance"] = False
                invoice["next_payment_attempt"] = None
    active_entitlements.refresh(call, subscription["customer"])
    _end_schedule(call, subscription, "aborted" if reason == "payment_failed" else "canceled")


def _end_schedule(call: Call, subscription: Obj, word: str) -> None:
    """A schedule ends with its subscription: canceled with it, or aborted where it was not paid for."""
    schedule = call.objects.maybe("subscription_schedule", subscription["schedule"])
    if schedule is None or schedule["status"] not in ("not_started", "active"):
        return
    with updating(call, schedule, "subscription_schedule.updated"):
        schedule |= {"status": "canceled", "canceled_at": call.now, "current_phase": None}
    call.emit(f"subscription_schedule.{word}", schedule)


def give_up(call: Call, subscription: Obj, after: str) -> None:
    """All retries of an invoice failed: `after` says what then ("cancel", "unpaid" or "past_due")."""
    customer_credit.set_delinquent(call, subscription["customer"], True)
    if after == "cancel":
        cancel(call, subscription, "payment_failed")
    elif after == "unpaid" and subscription["status"] == "past_due":
        set_status(call, subscription, "unpaid")
