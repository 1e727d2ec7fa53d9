"""Try to collect an open invoice: whose method pays, what a decline or a demand for authentication leaves behind."""

from typing import Any

from tillwright_sandbox.behaviours import (
    customer_credit,
    invoice_drafts,
    invoice_intents,
    invoice_states,
    payment_intents,
    subscription_states,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call

Obj = dict[str, Any]
DAY = 86_400
# Days from one failed attempt to the next; after the last the subscription ends as the account's settings say.
RETRY_DAYS = (3, 5, 7)


def method_for(call: Call, invoice: Obj) -> str | None:
    """By Stripe's priority: the invoice's payment method, the subscription's, the customer's default, its source."""
    subscription = call.objects.maybe("subscription", invoice_drafts.subscription_of(invoice)) or {}
    customer = call.objects.maybe("customer", invoice["customer"]) or {}
    settings = customer.get("invoice_settings") or {}
    for owner in (invoice, subscription, settings):
        for name in ("default_payment_method", "default_source"):
            if owner.get(name) and _belongs(call, owner[name], invoice["customer"]):
                return owner[name]
    return customer.get("default_source")


def _belongs(call: Call, id: str, customer: str) -> bool:
    """A payment method that was detached since can't be used any more."""
    method = call.objects.maybe("payment_method", id)
    return method is None or method["customer"] == customer


def collect(call: Call, invoice: Obj, *, method: str | None = None, off_session: bool = True) -> Obj | None:
    """One attempt. Answers the payment intent in the state it came to, None where nothing was due."""
    if invoice["amount_remaining"] <= 0:
        invoice_states.mark_paid(call, invoice)
        return None
    intent = invoice_intents.of(call, invoice) or invoice_intents.prepare(call, invoice)
    intent = payment_intents.pay(
        call,
        customer=invoice["customer"],
        payment_method=method or method_for(call, invoice),
        amount=invoice["amount_remaining"],
        currency=invoice["currency"],
        off_session=off_session,
        invoice=invoice["id"],
        intent=intent,
    )
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if intent["status"] == "succeeded":
        invoice_states.mark_paid(call, invoice, intent=intent["id"])
    elif intent["status"] != "processing":
        _failed(call, invoice, intent)
    return intent


def _failed(call: Call, invoice: Obj, intent: Obj) -> None:
    """Declined, unauthenticated or without a method: the next attempt is planned, the subscription falls behind."""
    call.objects.touch(invoice)
    with updating(call, invoice, "invoice.updated"):
        first = invoice["billing_reason"] == "subscription_create"
        invoice["next_payment_attempt"] = None if first or not invoice["auto_advance"] else next_attempt(call, invoice)
    refusal = intent["last_payment_error"] or {}
    if intent["status"] == "requires_action" or refusal.get("code") == "authentication_required":
        call.emit("invoice.payment_action_required", invoice)
    call.emit("invoice.payment_failed", invoice)
    customer_credit.set_delinquent(call, invoice["customer"], True)
    subscription = call.objects.maybe("subscription", invoice_drafts.subscription_of(invoice))
    if subscription:
        subscription_states.invoice_failed(call, subscription, invoice)


def next_attempt(call: Call, invoice: Obj) -> int | None:
    """When it is tried again, unix seconds; None when all retries are used up."""
    tried = invoice["attempt_count"]
    return call.now + RETRY_DAYS[tried - 1] * DAY if 0 < tried <= len(RETRY_DAYS) else None


def after_retries(call: Call) -> str:
    """The account's setting for a subscription whose retries all failed: "cancel", "unpaid" or "past_due"."""
    return call.account.details.get("after_retries", "cancel")
