"""What an invoice does as time passes: finalised after its hour, tried again, overdue, given up."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    customer_credit,
    invoice_collection,
    invoice_drafts,
    money,
    subscription_invoices,
    subscription_states,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError
from tillwright_sandbox.objects import Objects

Obj = dict[str, Any]


def next_due(objects: Objects, invoice: Obj) -> int | None:
    """Unix seconds of what comes next, None for nothing (and for whom nobody is left to bill)."""
    customer = objects.record("customer", invoice["customer"])
    if customer is None or customer.deleted:
        return None
    if invoice["status"] == "draft":
        return invoice["automatically_finalizes_at"] if invoice["auto_advance"] else None
    if invoice["status"] != "open":
        return None
    if invoice["collection_method"] == "charge_automatically":
        return invoice["next_payment_attempt"]
    return invoice["due_date"] if not invoice.get("_overdue") else None


def act(call: Call, invoice: Obj) -> None:
    """The one thing that is due at call.now."""
    if invoice["status"] == "draft":
        _finalize(call, invoice)
    elif invoice["collection_method"] == "charge_automatically":
        invoice_collection.collect(call, invoice)
        _give_up_after_last(call, invoice)
    else:
        invoice["_overdue"] = True
        call.objects.touch(invoice)
        call.emit("invoice.overdue", invoice)
        customer_credit.set_delinquent(call, invoice["customer"], True)
        if subscription := _subscription(call, invoice):
            subscription_states.invoice_failed(call, subscription, invoice)


def _finalize(call: Call, invoice: Obj) -> None:
    """An invoice that can't be finalised (an amount no charge can have) stays a draft, and says why."""
    refusal = _refusal(invoice)
    if refusal is None:
        subscription_invoices.settle(call, invoice)
        return
    invoice["auto_advance"] = False
    invoice["automatically_finalizes_at"] = None
    invoice["last_finalization_error"] = generic.build(
        call, "api_errors", type=refusal.type, code=refusal.code, message=refusal.message
    )
    call.objects.touch(invoice)
    call.emit("invoice.finalization_failed", invoice)


def _refusal(invoice: Obj) -> StripeError | None:
    try:
        if invoice["amount_due"] > 0:
            money.check_charge(invoice["amount_due"], invoice["currency"])
    except StripeError as refusal:
        return refusal
    return None


def _subscription(call: Call, invoice: Obj) -> Obj | None:
    return call.objects.maybe("subscription", invoice_drafts.subscription_of(invoice))


def _give_up_after_last(call: Call, invoice: Obj) -> None:
    if invoice["status"] != "open" or invoice["next_payment_attempt"] is not None:
        return
    subscription = _subscription(call, invoice)
    if subscription and subscription["status"] not in subscription_states.ENDED:
        subscription_states.give_up(call, subscription, invoice_collection.after_retries(call))
