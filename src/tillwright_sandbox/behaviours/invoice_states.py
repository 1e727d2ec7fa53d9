"""The life of an invoice: draft, open, then paid, void or uncollectible; each step with its events."""

from typing import Any

from tillwright_sandbox.behaviours import (
    customer_credit,
    invoice_drafts,
    invoice_intents,
    invoice_sums,
    subscription_states,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid
from tillwright_sandbox.ids import random_text

Obj = dict[str, Any]


def finalize(call: Call, invoice: Obj) -> None:
    """From draft to open: numbered, fixed, and paid on the spot where nothing is due."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    with updating(call, invoice, "invoice.updated"):
        invoice_sums.recompute(call, invoice)
        invoice_sums.settle_balance(call, invoice)
        invoice["status"] = "open"
        invoice["number"] = invoice["number"] or _next_number(call, invoice["customer"])
        invoice["status_transitions"]["finalized_at"] = call.now
        invoice["effective_at"] = invoice["effective_at"] or call.now
        invoice["automatically_finalizes_at"] = None
        token = random_text(call.world.dice, 40)
        mode = "live" if call.livemode else "test"
        invoice["hosted_invoice_url"] = f"https://invoice.stripe.com/i/{call.account.id}/{mode}_{token}?s=ap"
        invoice["invoice_pdf"] = f"https://pay.stripe.com/invoice/{call.account.id}/{mode}_{token}/pdf?s=ap"
        call.emit("invoice.finalized", invoice)
        if invoice["amount_due"] > 0:
            invoice_intents.prepare(call, invoice)
        else:
            _close(call, invoice)
    if invoice["status"] == "paid":
        _tell_paid(call, invoice)


def _next_number(call: Call, customer_id: str) -> str:
    customer = call.objects.get("customer", customer_id)
    if not customer.get("invoice_prefix"):
        customer["invoice_prefix"] = random_text(call.world.dice, 8).upper()
    sequence = customer.get("next_invoice_sequence") or 1
    customer["next_invoice_sequence"] = sequence + 1
    call.objects.touch(customer)
    return f"{customer['invoice_prefix']}-{sequence:04d}"


def _close(call: Call, invoice: Obj) -> None:
    invoice["status"] = "paid"
    invoice["auto_advance"] = False
    invoice["attempted"] = True
    invoice["next_payment_attempt"] = None
    invoice["amount_remaining"] = 0
    invoice["status_transitions"]["paid_at"] = call.now


def mark_paid(call: Call, invoice: Obj, *, intent: str | None = None, out_of_band: bool = False) -> None:
    """Paid in full, by a payment intent or outside Stripe."""
    with updating(call, invoice, "invoice.updated"):
        if out_of_band:
            invoice["amount_paid_off_stripe"] = invoice["amount_remaining"]
        invoice["amount_paid"] = invoice["amount_due"]
        _close(call, invoice)
    if intent:
        invoice_intents.close_payments(call, invoice, intent, invoice["amount_paid"])
    else:
        invoice_intents.cancel(call, invoice, "requested_by_customer")
    _tell_paid(call, invoice)


def _tell_paid(call: Call, invoice: Obj) -> None:
    call.emit("invoice.paid", invoice)
    call.emit("invoice.payment_succeeded", invoice)
    customer_credit.set_delinquent(call, invoice["customer"], False)
    if subscription := invoice_drafts.subscription_of(invoice):
        subscription_states.invoice_paid(call, call.objects.get("subscription", subscription), invoice)


def void(call: Call, invoice: Obj) -> None:
    """Only an open or uncollectible invoice can be voided; what it took from the balance goes back."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can only void open or uncollectible invoices. This invoice is {invoice['status']}.")
    with updating(call, invoice, "invoice.updated"):
        invoice["status"] = "void"
        invoice["auto_advance"] = False
        invoice["next_payment_attempt"] = None
        invoice["status_transitions"]["voided_at"] = call.now
        taken = (invoice["ending_balance"] or 0) - invoice["starting_balance"]
        if taken:
            currency, kind = invoice["currency"], "unapplied_from_invoice"
            customer_credit.move(call, invoice["customer"], -taken, currency, kind, invoice["id"])
        invoice_intents.cancel(call, invoice, "void_invoice")
    call.emit("invoice.voided", invoice)
    if subscription := invoice_drafts.subscription_of(invoice):
        subscription_states.invoice_voided(call, call.objects.get("subscription", subscription), invoice)


def mark_uncollectible(call: Call, invoice: Obj) -> None:
    """Written off; it can still be paid."""
    if invoice["status"] not in ("open", "draft"):
        raise invalid(f"You can only mark open invoices as uncollectible. This invoice is {invoice['status']}.")
    with updating(call, invoice, "invoice.updated"):
        invoice["status"] = "uncollectible"
        invoice["auto_advance"] = False
        invoice["next_payment_attempt"] = None
        invoice["status_transitions"]["marked_uncollectible_at"] = call.now
    call.emit("invoice.marked_uncollectible", invoice)
    customer_credit.set_delinquent(call, invoice["customer"], False)
