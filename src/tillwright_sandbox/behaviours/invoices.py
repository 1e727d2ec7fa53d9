"""Invoices through the API: drafts made, changed and deleted."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    behaviour,
    discounts,
    invoice_drafts,
    invoice_sums,
    methods,
    money,
    subscription_invoices,
    subscription_terms,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
_COPIED = (
    "account_tax_ids",
    "automatically_finalizes_at",
    "auto_advance",
    "collection_method",
    "custom_fields",
    "default_source",
    "description",
    "due_date",
    "effective_at",
    "footer",
    "issuer",
    "number",
    "on_behalf_of",
    "shipping_details",
    "statement_descriptor",
)


def _named(call: Call) -> Obj:
    return call.objects.get("invoice", call.path["invoice"])


@behaviour("PostInvoices")
def create(call: Call) -> Obj:
    """A manual draft; pending invoice items come along only if asked for (or for a subscription)."""
    params = copy.deepcopy(call.params)
    if not params.get("customer") and not params.get("from_invoice"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    if params.get("from_invoice"):
        return _revise(call, params)
    customer = call.objects.get("customer", params["customer"], param="customer")
    if params.get("subscription"):
        return _for_subscription(call, params)
    subscription_terms.check_collection(
        params.get("collection_method"), params.get("days_until_due") or params.get("due_date")
    )
    pending = call.objects.find("invoiceitem", customer=customer["id"], invoice=None)
    currency = params.get("currency") or customer.get("currency")
    currency = money.currency(currency or (pending[-1]["currency"] if pending else call.account.currency))
    fields = {name: params[name] for name in _COPIED if params.get(name) not in (None, "")}
    if params.get("days_until_due") is not None:
        fields["days_until_due"] = params["days_until_due"]
    fields["discounts"] = invoice_drafts.live_discounts(customer, None)
    fields["auto_advance"] = params.get("auto_advance", False)
    if fields["auto_advance"]:
        fields.setdefault("automatically_finalizes_at", call.now + invoice_drafts.HOUR)
    invoice = invoice_drafts.blank(call, customer, currency, "manual", **fields)
    call.objects.insert(invoice)
    _set_references(call, invoice, params)
    if params.get("pending_invoice_items_behavior") == "include":
        items = invoice_drafts.pending_items(call, customer["id"], currency)
        invoice_drafts.take_items(call, invoice, items)
    invoice_sums.recompute(call, invoice)
    call.emit("invoice.created", invoice)
    return invoice


def _for_subscription(call: Call, params: Obj) -> Obj:
    """An invoice now for the pending items of a subscription; there must be some."""
    subscription = call.objects.get("subscription", params["subscription"], param="subscription")
    items = invoice_drafts.pending_items(call, params["customer"], subscription["currency"], subscription["id"])
    if not items:
        raise invalid("Nothing to invoice for subscription", "subscription", "invoice_no_subscription_line_items")
    return subscription_invoices.draft(call, subscription, [], "subscription_update")


def _revise(call: Call, params: Obj) -> Obj:
    """A draft that will replace an open invoice: the same lines, open to change."""
    origin = call.objects.get("invoice", params["from_invoice"]["invoice"], param="from_invoice[invoice]")
    if origin["status"] not in ("open", "paid", "uncollectible"):
        raise invalid("Only finalized invoices can be revised.", "from_invoice[invoice]")
    customer = call.objects.get("customer", origin["customer"])
    invoice = invoice_drafts.blank(
        call,
        customer,
        origin["currency"],
        origin["billing_reason"],
        collection_method=origin["collection_method"],
        description=origin["description"],
        from_invoice={"action": "revision", "invoice": origin["id"]},
        parent=copy.deepcopy(origin["parent"]),
        due_date=origin["due_date"],
    )
    call.objects.insert(invoice)
    for line in reversed(call.objects.find("line_item", invoice=origin["id"])):
        call.objects.insert({**copy.deepcopy(line), "id": call.new_id("il"), "invoice": invoice["id"]})
    invoice_sums.recompute(call, invoice)
    call.emit("invoice.created", invoice)
    return invoice


def _set_references(call: Call, invoice: Obj, params: Obj) -> None:
    """What names or holds other objects: payment method, tax rates, discounts, payment settings, metadata."""
    if params.get("default_payment_method"):
        invoice["default_payment_method"] = methods.resolve(call, params["default_payment_method"])["id"]
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = list(params["default_tax_rates"] or [])
        for rate in invoice["default_tax_rates"]:
            call.objects.get("tax_rate", rate, param="default_tax_rates")
    if "discounts" in params:
        invoice["discounts"] = discounts.give(
            call,
            params["discounts"],
            customer=invoice["customer"],
            currency=invoice["currency"],
            invoice=invoice["id"],
        )
    if params.get("payment_settings"):
        invoice["payment_settings"] = invoice["payment_settings"] | {
            name: value or None for name, value in params["payment_settings"].items()
        }
    generic.apply(invoice, {name: params[name] for name in ("metadata", "rendering") if name in params})


@behaviour("PostInvoicesInvoice")
def update(call: Call) -> Obj:
    """A draft changes freely; a finalised invoice only in what has no bearing on money."""
    invoice, params = _named(call), copy.deepcopy(call.params)
    if invoice["status"] != "draft":
        fixed = {"collection_method", "default_tax_rates", "discounts", "currency", "days_until_due", "effective_at"}
        if touched := sorted(fixed & set(params)):
            text = f"Finalized invoices can't be updated in this way: {touched[0]} can't change any more."
            raise invalid(text, touched[0], "invoice_not_editable")
    with updating(call, invoice, "invoice.updated"):
        generic.apply(invoice, {name: params[name] for name in _COPIED if name in params})
        if params.get("days_until_due") is not None:
            invoice["due_date"] = call.now + params["days_until_due"] * invoice_drafts.DAY
        if params.get("auto_advance") and invoice["status"] == "draft" and not invoice["automatically_finalizes_at"]:
            invoice["automatically_finalizes_at"] = call.now + invoice_drafts.HOUR
        _set_references(call, invoice, params)
        if invoice["status"] == "draft":
            invoice_sums.recompute(call, invoice)
    return invoice


@behaviour("DeleteInvoicesInvoice")
def delete(call: Call) -> Obj:
    """Only a draft that belongs to no subscription can go; its invoice items wait again."""
    invoice = _named(call)
    if invoice["status"] != "draft":
        raise invalid("You can only delete draft invoices; finalized invoices can be voided.")
    if invoice_drafts.subscription_of(invoice):
        raise invalid("You can't delete invoices created by subscriptions.")
    for item in call.objects.find("invoiceitem", invoice=invoice["id"]):
        call.objects.delete("invoiceitem", item["id"])
    for line in call.objects.find("line_item", invoice=invoice["id"]):
        call.objects.forget("line_item", line["id"])
    stub = call.objects.delete("invoice", invoice["id"])
    call.emit("invoice.deleted", invoice)
    return stub
