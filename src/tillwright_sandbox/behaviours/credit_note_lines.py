"""The lines of a credit note: of named invoice lines, of free text, or the whole invoice by an amount."""

from decimal import Decimal
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import invoice_lines, invoice_totals
from tillwright_sandbox.behaviours.price_amounts import share, to_minor
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]


def build(call: Call, invoice: Obj, params: Obj) -> list[Obj]:
    """Not yet stored; each line's amount is what it takes off, in minor units, taxes included."""
    if params.get("lines"):
        if params.get("amount") is not None:
            raise invalid("You may only specify one of these parameters: amount, lines.", "amount")
        return [_line(call, invoice, entry, f"lines[{n}]") for n, entry in enumerate(params["lines"])]
    amount = params.get("amount")
    if amount is None:
        amount = sum(params.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount"))
    if not amount:
        raise invalid("You must specify one of `amount`, `lines` or `refund_amount`.", "amount", "parameter_missing")
    lines = invoice_lines.of(call, invoice)
    parts = invoice_totals.spread(amount, [max(0, line["amount"]) for line in lines])
    return [_of(call, line, part, 0) for line, part in zip(lines, parts, strict=True) if part]


def _line(call: Call, invoice: Obj, entry: Obj, here: str) -> Obj:
    if entry["type"] == "custom_line_item":
        return _custom(call, entry, here)
    source = call.objects.maybe("line_item", entry.get("invoice_line_item"))
    if source is None or source["invoice"] != invoice["id"]:
        text = f"No such invoice line item: '{entry.get('invoice_line_item')}'"
        raise invalid(text, f"{here}[invoice_line_item]", "resource_missing")
    amount, whole = entry.get("amount"), source["quantity"] or 1
    if amount is None:
        quantity = entry.get("quantity") or whole
        if quantity > whole:
            raise invalid("The quantity is greater than the invoice line's.", f"{here}[quantity]")
        amount = share(source["amount"], quantity, whole)
    off = sum(part["amount"] for part in source["discount_amounts"] or [])
    discount = share(off, amount, source["amount"]) if source["amount"] else 0
    tax = sum(part["amount"] for part in source["taxes"] or [] if part["tax_behavior"] == "exclusive")
    added = share(tax, amount, source["amount"]) if source["amount"] else 0
    line = _of(call, source, amount - discount + added, discount, entry.get("quantity"))
    line["taxes"] = [
        {**part, "amount": share(part["amount"], amount, source["amount"]) if source["amount"] else 0}
        for part in source["taxes"] or []
    ]
    return line


def _of(call: Call, source: Obj, amount: int, discount: int, quantity: int | None = None) -> Obj:
    return generic.build(
        call,
        "credit_note_line_item",
        id=call.new_id("cnli"),
        amount=amount,
        description=source["description"],
        discount_amount=discount,
        discount_amounts=[],
        invoice_line_item=source["id"],
        pretax_credit_amounts=[],
        quantity=quantity,
        tax_rates=[],
        taxes=[],
        type="invoice_line_item",
        unit_amount=None,
    )


def _custom(call: Call, entry: Obj, here: str) -> Obj:
    quantity, unit = entry.get("quantity") or 1, entry.get("unit_amount_decimal")
    if unit is None:
        unit = entry.get("unit_amount")
    amount = entry.get("amount") if entry.get("amount") is not None else None
    if amount is None and unit is None:
        text = "A custom line item needs an `amount` or a `unit_amount`."
        raise invalid(text, f"{here}[unit_amount]", "parameter_missing")
    if amount is None:
        amount = to_minor(Decimal(str(unit)) * quantity)
    return generic.build(
        call,
        "credit_note_line_item",
        id=call.new_id("cnli"),
        amount=amount,
        description=entry.get("description"),
        discount_amount=0,
        discount_amounts=[],
        pretax_credit_amounts=[],
        quantity=quantity,
        tax_rates=list(entry.get("tax_rates") or []),
        taxes=[],
        type="custom_line_item",
        unit_amount=entry.get("unit_amount"),
        unit_amount_decimal=str(unit) if unit is not None else None,
    )
