"""The lines of a draft invoice through the API: added, changed, taken off, one or many at a time."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, invoice_drafts, invoice_items, invoice_lines, invoice_sums, prices
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid, no_such

Obj = dict[str, Any]


def _draft(call: Call) -> Obj:
    invoice = call.objects.get("invoice", call.path["invoice"])
    invoice_items.need_draft(invoice)
    return invoice


def _done(call: Call, invoice: Obj) -> Obj:
    if "invoice_metadata" in call.params:
        generic.apply(invoice, {"metadata": call.params["invoice_metadata"]})
    invoice_sums.recompute(call, invoice)
    call.objects.touch(invoice)
    call.emit("invoice.updated", invoice)
    return invoice


@behaviour("PostInvoicesInvoiceAddLines")
def add(call: Call) -> Obj:
    """Each line names a pending invoice item, or makes a new one."""
    invoice = _draft(call)
    for index, entry in enumerate(copy.deepcopy(call.params["lines"])):
        here = f"lines[{index}]"
        if entry.get("invoice_item"):
            item = call.objects.get("invoiceitem", entry["invoice_item"], param=f"{here}[invoice_item]")
            if item["invoice"]:
                raise invalid("This invoice item already lies on an invoice.", f"{here}[invoice_item]")
        else:
            entry |= {"customer": invoice["customer"], "currency": invoice["currency"]}
            _inline_product(call, entry)
            item = invoice_items.from_params(call, entry, here)
        invoice_drafts.take_items(call, invoice, [item])
    return _done(call, invoice)


def _inline_product(call: Call, entry: Obj) -> None:
    """A price described inline may describe its product inline too."""
    if (entry.get("price_data") or {}).get("product_data"):
        entry["pricing"] = {"price": prices.make(call, entry.pop("price_data"))["id"]}


def _line(call: Call, invoice: Obj, id: str, param: str) -> Obj:
    line = call.objects.maybe("line_item", id)
    if line is None or line["invoice"] != invoice["id"]:
        raise no_such("line_item", id, param)
    return line


def _change(call: Call, invoice: Obj, line: Obj, entry: Obj) -> None:
    """A line of an invoice item changes with its item; a subscription's line only in text, discounts and metadata."""
    item = call.objects.maybe("invoiceitem", invoice_lines.sources(line)[0])
    if item:
        _inline_product(call, entry)
        invoice_items.change(call, item, entry)
        line |= {**invoice_lines.for_invoice_item(call, invoice, item), "id": line["id"]}
    else:
        kept = ("description", "discountable", "metadata", "period")
        generic.apply(line, {name: entry[name] for name in kept if name in entry})
        if entry.get("amount") is not None:
            line["amount"] = line["subtotal"] = entry["amount"]
    call.objects.touch(line)


@behaviour("PostInvoicesInvoiceUpdateLines")
def update_many(call: Call) -> Obj:
    invoice = _draft(call)
    for index, entry in enumerate(copy.deepcopy(call.params["lines"])):
        _change(call, invoice, _line(call, invoice, entry.pop("id"), f"lines[{index}][id]"), entry)
    return _done(call, invoice)


@behaviour("PostInvoicesInvoiceLinesLineItemId")
def update_one(call: Call) -> Obj:
    invoice = _draft(call)
    line = _line(call, invoice, call.path["line_item_id"], "id")
    _change(call, invoice, line, copy.deepcopy(call.params))
    _done(call, invoice)
    return line


@behaviour("PostInvoicesInvoiceRemoveLines")
def remove(call: Call) -> Obj:
    """`unassign` lets the invoice item wait for another invoice, `delete` drops it."""
    invoice = _draft(call)
    for index, entry in enumerate(call.params["lines"]):
        line = _line(call, invoice, entry["id"], f"lines[{index}][id]")
        item = call.objects.maybe("invoiceitem", invoice_lines.sources(line)[0])
        call.objects.forget("line_item", line["id"])
        if item and entry["behavior"] == "unassign":
            item["invoice"] = None
            call.objects.touch(item)
        elif item:
            call.objects.delete("invoiceitem", item["id"])
            call.emit("invoiceitem.deleted", item)
    return _done(call, invoice)
