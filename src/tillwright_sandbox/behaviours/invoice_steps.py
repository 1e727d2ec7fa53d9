"""The steps of an invoice through the API: finalised, paid, sent, voided, written off, paid by another intent."""

from typing import Any

from tillwright_sandbox.behaviours import (
    behaviour,
    intent_errors,
    invoice_collection,
    invoice_drafts,
    invoice_intents,
    invoice_states,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError, invalid

Obj = dict[str, Any]


def _named(call: Call) -> Obj:
    return call.objects.get("invoice", call.path["invoice"])


@behaviour("PostInvoicesInvoiceFinalize")
def finalize(call: Call) -> Obj:
    """Numbered and fixed; collected later (in about an hour) if it advances by itself."""
    invoice = _named(call)
    if "auto_advance" in call.params and invoice["status"] == "draft":
        invoice["auto_advance"] = call.params["auto_advance"]
    invoice_states.finalize(call, invoice)
    if invoice["status"] == "open" and invoice["auto_advance"]:
        if invoice["collection_method"] == "charge_automatically":
            invoice["next_payment_attempt"] = call.now + invoice_drafts.HOUR
        call.objects.touch(invoice)
    _supersede(call, invoice)
    return invoice


def _supersede(call: Call, invoice: Obj) -> None:
    """A finalised revision voids what it revises."""
    origin = call.objects.maybe("invoice", (invoice["from_invoice"] or {}).get("invoice"))
    if origin and origin["status"] == "open":
        origin["latest_revision"] = invoice["id"]
        invoice_states.void(call, origin)


@behaviour("PostInvoicesInvoicePay")
def pay(call: Call) -> Obj:
    """Collect it now (a draft is finalised first). A decline answers 402 and leaves its traces."""
    invoice, params = _named(call), call.params
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("This invoice is void and can't be paid.", code="invoice_not_payable")
    if invoice["status"] == "draft":
        invoice_states.finalize(call, invoice)
    if invoice["status"] == "paid":
        return invoice
    if params.get("paid_out_of_band"):
        invoice_states.mark_paid(call, invoice, out_of_band=True)
        return invoice
    method = params.get("payment_method") or params.get("source")
    if not method and invoice_collection.method_for(call, invoice) is None:
        text = "There is no `default_payment_method` set on this Customer or Invoice. Please set the customer's "
        raise invalid(
            f"{text}`invoice_settings.default_payment_method` to the desired PaymentMethod ID and then retry paying.",
            code="payment_method_missing",
        )
    off_session = bool(params.get("off_session", True))
    intent = invoice_collection.collect(call, invoice, method=method, off_session=off_session)
    if intent and intent["status"] == "requires_payment_method" and intent["last_payment_error"]:
        raise intent_errors.refused(intent, intent["last_payment_error"])
    if intent and intent["status"] == "requires_action":
        raise _needs_action(intent)
    return invoice


def _needs_action(intent: Obj) -> StripeError:
    return StripeError(
        402,
        "card_error",
        "invoice_payment_intent_requires_action",
        "Payment for this invoice requires additional user action before it can be completed successfully. Payment can "
        "be completed using the PaymentIntent associated with the invoice.",
        keep=True,
        payment_intent=intent_errors.shown(intent),
    )


@behaviour("PostInvoicesInvoiceSend")
def send(call: Call) -> Obj:
    invoice = _named(call)
    if invoice["status"] == "draft":
        invoice_states.finalize(call, invoice)
    if invoice["status"] not in ("open", "paid"):
        raise invalid(f"You can't send an invoice that is {invoice['status']}.")
    call.emit("invoice.sent", invoice)
    return invoice


@behaviour("PostInvoicesInvoiceVoid")
def void(call: Call) -> Obj:
    invoice = _named(call)
    invoice_states.void(call, invoice)
    return invoice


@behaviour("PostInvoicesInvoiceMarkUncollectible")
def mark_uncollectible(call: Call) -> Obj:
    invoice = _named(call)
    invoice_states.mark_uncollectible(call, invoice)
    return invoice


@behaviour("PostInvoicesInvoiceAttachPayment")
def attach_payment(call: Call) -> Obj:
    """Another intent pays (part of) the invoice; a succeeded one counts at once."""
    invoice = _named(call)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid("You can only attach payments to open invoices.", code="invoice_not_payable")
    if not call.params.get("payment_intent"):
        raise invalid("Missing required param: payment_intent.", "payment_intent", "parameter_missing")
    intent = call.objects.get("payment_intent", call.params["payment_intent"], param="payment_intent")
    if intent["currency"] != invoice["currency"]:
        raise invalid("The payment intent's currency must be the invoice's.", "payment_intent")
    if intent["customer"] not in (None, invoice["customer"]):
        raise invalid("The payment intent belongs to another customer.", "payment_intent")
    invoice_intents.link(call, invoice, intent, default=False)
    if intent["status"] == "succeeded":
        invoice_intents.count(call, invoice, intent)
    return invoice
