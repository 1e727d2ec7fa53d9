"""What an invoice does as time passes: finalised after its hour, tried again, overdue, given up."""

from typing import Any

from tillwright_sandbox.behaviours import (
    customer_credit,
    invoice_collection,
    invoice_drafts,
    subscription_invoices,
    subscription_states,
)
from tillwright_sandbox.call import Call
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
        subscription_invoices.settle(call, invoice)
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


def _subscription(call: Call, invoice: Obj) -> Obj | None:
    return call.objects.maybe("subscription", invoice_drafts.subscription_of(invoice))


def _give_up_after_last(call: Call, invoice: Obj) -> None:
    if invoice["status"] != "open" or invoice["next_payment_attempt"] is not None:
        return
    subscription = _subscription(call, invoice)
    if subscription and subscription["status"] not in subscription_states.ENDED:
        subscription_states.give_up(call, subscription, invoice_collection.after_retries(call))
