"""Invoices: their lines, their way from draft to paid, and credit notes."""

from __future__ import annotations

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import CURRENCY, LABELS, an, call

_AREA = "Invoices"
_INVOICE = an("invoice")
_DRAFT = {
    "description": Input("text", "A memo the customer sees.", longest=1500),
    "footer": Input("text", "The text at the end.", longest=5000),
    "days_until_due": Input("integer", "How many days they have to pay, if it is sent.", low=0, high=3650),
    "auto_advance": Input("boolean", "Whether Stripe finalises and collects it by itself."),
    "metadata": LABELS,
}

ROWS = (
    call("create_invoice", "Begin an invoice.", "invoices.create",
         {
             "customer": an("customer"),
             "subscription": an("subscription", required=False),
             "currency": Input("currency", "The currency; the customer's own if left out."),
             "collection_method": Input("text", "Take it from the stored method, or send it.",
                                        choices=("charge_automatically", "send_invoice")),
             **_DRAFT,
         }, area=_AREA),
    call("update_invoice", "Change an invoice; once it is finalised only a little of it.", "invoices.update",
         {"invoice": _INVOICE, **_DRAFT}, area=_AREA),
    call("get_invoice", "Read an invoice as it is now.", "invoices.get", {"invoice": _INVOICE}, area=_AREA),
    call("add_invoice_item", "Put a line on a draft, or on the customer's next invoice.", "invoiceitems.create",
         {
             "customer": an("customer"),
             "invoice": Input("id", "The draft; the next invoice if left out."),
             "subscription": an("subscription", required=False),
             "amount": Input("integer", "In minor units; below zero takes off.", required=True),
             "currency": CURRENCY,
             "description": Input("text", "What the line says.", longest=5000),
             "metadata": LABELS,
         }, area=_AREA),
    call("delete_invoice_item", "Take a line off a draft.", "invoiceitems.delete",
         {"invoice_item": Input("id", "The line's id (ii_…).", required=True)}, area=_AREA),
    call("finalize_invoice", "Finalise a draft: it gets its number and can be paid.", "invoices.finalize",
         {"invoice": _INVOICE, "auto_advance": Input("boolean", "Whether Stripe goes on collecting by itself.")},
         area=_AREA),
    call("send_invoice", "Send an invoice by Stripe's own mail.", "invoices.send", {"invoice": _INVOICE}, area=_AREA),
    call("pay_invoice", "Try to collect an open invoice now.", "invoices.pay",
         {"invoice": _INVOICE, "payment_method": Input("id", "From which method; the usual one if left out.")},
         area=_AREA),
    call("mark_invoice_paid", "Note that an invoice was paid outside Stripe.", "invoices.pay", {"invoice": _INVOICE},
         fixed={"paid_out_of_band": True}, area=_AREA),
    call("void_invoice", "Void an open invoice, for good.", "invoices.void", {"invoice": _INVOICE}, area=_AREA),
    call("write_off_invoice", "Note that an open invoice will not be paid.", "invoices.mark_uncollectible",
         {"invoice": _INVOICE}, area=_AREA),
    call("delete_draft_invoice", "Delete an invoice that is still a draft.", "invoices.delete", {"invoice": _INVOICE},
         area=_AREA),
    call("stop_invoice_retries", "Let Stripe try no more to collect an invoice.", "invoices.update",
         {"invoice": _INVOICE}, fixed={"auto_advance": False}, area=_AREA),
    call("create_credit_note", "Take back a part of a finalised invoice.", "credit_notes.create",
         {
             "invoice": _INVOICE,
             "amount": Input("integer", "In minor units.", required=True, low=1),
             "credit_amount": Input("integer", "How much of it goes to the customer's balance.", low=0),
             "refund_amount": Input("integer", "How much of it is paid back.", low=0),
             "reason": Input("text", "Why.", choices=(
                 "duplicate", "fraudulent", "order_change", "product_unsatisfactory")),
             "memo": Input("text", "A note the customer sees.", longest=5000),
             "metadata": LABELS,
         }, area=_AREA),
    call("void_credit_note", "Void a credit note.", "credit_notes.void", {"credit_note": an("credit note")},
         area=_AREA),
)  # fmt: skip
