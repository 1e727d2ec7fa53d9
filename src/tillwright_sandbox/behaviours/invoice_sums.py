"""Bring a draft invoice's amounts up to its lines, discounts, tax rates and the customer's balance."""

from typing import Any

from tillwright_sandbox.behaviours import customer_credit, discounts, invoice_lines, invoice_totals, money
from tillwright_sandbox.call import Call

Obj = dict[str, Any]


def recompute(call: Call, invoice: Obj, lines: list[Obj] | None = None) -> None:
    """Totals from the lines; `lines` are given for a preview, else the stored ones are used. Minor units."""
    stored = lines is None
    lines = invoice_lines.of(call, invoice) if lines is None else lines
    found = discounts.reductions(call, invoice["discounts"])
    for line in lines:
        found += discounts.reductions(call, line["discounts"], frozenset([line["id"]]))
    invoice_totals.discount(lines, found, invoice["currency"])
    exempt = invoice.get("customer_tax_exempt") in ("exempt", "reverse")
    invoice_totals.tax(lines, lambda line: _rates(call, invoice, line), exempt)
    invoice |= invoice_totals.sums(lines)
    _owe(call, invoice)
    if stored:
        for line in lines:
            call.objects.touch(line)


def _rates(call: Call, invoice: Obj, line: Obj) -> list[Obj]:
    """A line's own tax rates (of the item it came from), else the invoice's."""
    invoice_item, item = invoice_lines.sources(line)
    for kind, id in (("invoiceitem", invoice_item), ("subscription_item", item)):
        source = call.objects.maybe(kind, id)
        if source and source.get("tax_rates"):
            return [call.objects.get("tax_rate", id) for id in source["tax_rates"]]
    return [call.objects.get("tax_rate", id) for id in invoice["default_tax_rates"]]


def _owe(call: Call, invoice: Obj) -> None:
    """What is due after the customer's balance (negative is a credit), and what is too little to charge."""
    customer = call.objects.maybe("customer", invoice["customer"])
    balance = ((customer or {}).get("balance") or 0) if _uses_balance(customer, invoice) else 0
    due = invoice["total"] + invoice["amount_shipping"] + balance
    if due < money.MINIMUM.get(invoice["currency"], 1) and due > 0 and invoice["collection_method"] != "send_invoice":
        due = 0  # too little to charge: it waits on the balance
    due = max(0, due)
    invoice["starting_balance"] = balance
    invoice["amount_due"] = due
    invoice["amount_remaining"] = due - invoice["amount_paid"]


def _uses_balance(customer: Obj | None, invoice: Obj) -> bool:
    """A balance is held in the customer's currency only."""
    return customer is not None and customer.get("currency") in (None, invoice["currency"])


def settle_balance(call: Call, invoice: Obj) -> None:
    """At finalisation: take from or put onto the customer's balance what the invoice does not collect."""
    ending = invoice["starting_balance"] + invoice["total"] + invoice["amount_shipping"] - invoice["amount_due"]
    invoice["ending_balance"] = ending
    change = ending - invoice["starting_balance"]
    if change:
        customer_credit.move(
            call, invoice["customer"], change, invoice["currency"], "applied_to_invoice", invoice["id"]
        )
