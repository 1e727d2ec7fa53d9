"""Invoice items: single amounts that wait for the customer's next invoice, or lie on a draft."""

from decimal import Decimal
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    behaviour,
    discounts,
    invoice_drafts,
    invoice_lines,
    invoice_sums,
    money,
    prices,
)
from tillwright_sandbox.behaviours.price_amounts import amount_of, to_minor
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]


@behaviour("PostInvoiceitems")
def create(call: Call) -> Obj:
    params = dict(call.params)
    invoice = None
    if params.get("invoice"):
        invoice = call.objects.get("invoice", params["invoice"], param="invoice")
        need_draft(invoice)
        params.setdefault("customer", invoice["customer"])
    item = from_params(call, params)
    if invoice:
        invoice_drafts.take_items(call, invoice, [item])
        invoice_sums.recompute(call, invoice)
        call.objects.touch(invoice)
    return item


def need_draft(invoice: Obj) -> None:
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is no longer editable: only a draft's lines can change.", code="invoice_not_editable"
        )


def from_params(call: Call, params: Obj, param: str = "") -> Obj:
    """A pending item from its parameters: an amount, a price, or a price described inline; minor units."""
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = call.objects.get("customer", params["customer"], param="customer")
    subscription = params.get("subscription")
    if subscription:
        call.objects.get("subscription", subscription, param="subscription")
    amount, currency, quantity, pricing = _worth(call, params, customer, param)
    price = call.objects.maybe("price", (pricing or {}).get("price_details", {}).get("price"))
    description = params.get("description") or (invoice_lines.product_name(call, price) if price else None)
    parent = {
        "type": "subscription_details",
        "subscription_details": {"subscription": subscription, "subscription_item": None},
    }
    given = discounts.give(call, params.get("discounts"), customer=customer["id"], currency=currency)
    for rate in params.get("tax_rates") or []:
        call.objects.get("tax_rate", rate, param="tax_rates")
    return make(
        call,
        customer=customer["id"],
        amount=amount,
        currency=currency,
        description=description,
        discountable=params.get("discountable", amount >= 0),
        discounts=given,
        metadata=dict(params.get("metadata") or {}),
        parent=parent if subscription else None,
        period=_period(call, params),
        pricing=pricing,
        quantity=quantity,
        tax_rates=list(params.get("tax_rates") or []),
    )


def _period(call: Call, params: Obj) -> Obj:
    given = params.get("period") or {}
    return {name: given[name] if isinstance(given.get(name), int) else call.now for name in ("start", "end")}


def _worth(call: Call, params: Obj, customer: Obj, param: str) -> tuple[int, str, int, Obj | None]:
    """(amount, currency, quantity, pricing)"""
    here = (lambda name: f"{param}[{name}]") if param else (lambda name: name)
    price_id = params.get("price") or (params.get("pricing") or {}).get("price")
    quantity = params.get("quantity") or 1
    if price_id or params.get("price_data"):
        entry = {"price": price_id} if price_id else {"price_data": params["price_data"]}
        price = prices.for_item(call, entry, param or "pricing", "one_time")
        return amount_of(price, quantity), price["currency"], quantity, invoice_lines.pricing(price)
    currency = params.get("currency") or customer.get("currency") or call.account.currency
    currency = money.currency(currency, here("currency"))
    if params.get("unit_amount_decimal") is not None:
        return to_minor(Decimal(params["unit_amount_decimal"]) * quantity), currency, quantity, None
    if params.get("amount") is None:
        raise invalid("You must specify an `amount` or a price.", here("amount"), "parameter_missing")
    return params["amount"], currency, quantity, None


def make(call: Call, **values: Any) -> Obj:
    """A stored invoice item, with its event."""
    item = generic.build(
        call,
        "invoiceitem",
        **{
            "id": call.new_id("ii"),
            "date": call.now,
            "discounts": [],
            "metadata": {},
            "proration": False,
            "quantity_decimal": str(values["quantity"]),
            "tax_rates": [],
            "net_amount": values["amount"],
            **values,
        },
    )
    call.objects.insert(item)
    call.emit("invoiceitem.created", item)
    return item


def add_to_subscription(call: Call, subscription: Obj, entry: Obj, param: str) -> Obj:
    """One of `add_invoice_items`: it goes on the subscription's next invoice."""
    values = {**entry, "customer": subscription["customer"], "subscription": subscription["id"]}
    values.pop("period", None)
    return from_params(call, values, param)


@behaviour("PostInvoiceitemsInvoiceitem")
def update(call: Call) -> Obj:
    """Amount, text, quantity and the like, as long as its invoice (if any) is a draft."""
    item = call.objects.get("invoiceitem", call.path["invoiceitem"])
    invoice = _editable(call, item)
    change(call, item, dict(call.params))
    if invoice:
        replace_line(call, invoice, item)
    return item


def change(call: Call, item: Obj, params: Obj) -> None:
    worth = ("amount", "price_data", "pricing", "quantity", "unit_amount_decimal")
    if any(params.get(name) is not None for name in worth):
        known = (item["pricing"] or {}).get("price_details", {}).get("price")
        base: Obj = {"pricing": {"price": known}} if known and params.get("amount") is None else {}
        if not known and params.get("amount") is None:
            base = {"amount": item["amount"]}
        customer = call.objects.get("customer", item["customer"])
        merged = {"quantity": item["quantity"], "currency": item["currency"], **base, **params}
        amount, _, quantity, pricing = _worth(call, merged, customer, "")
        item |= {"amount": amount, "net_amount": amount, "quantity": quantity, "quantity_decimal": str(quantity)}
        item["pricing"] = pricing
    if "discounts" in params:
        item["discounts"] = discounts.give(
            call, params["discounts"], customer=item["customer"], currency=item["currency"], invoice_item=item["id"]
        )
    kept = ("description", "discountable", "metadata", "period", "tax_rates")
    generic.apply(item, {name: params[name] for name in kept if name in params})
    call.objects.touch(item)


def replace_line(call: Call, invoice: Obj, item: Obj) -> None:
    """Bring the draft's line up to its changed item."""
    for line in invoice_lines.of(call, invoice):
        if invoice_lines.sources(line)[0] == item["id"]:
            fresh = invoice_lines.for_invoice_item(call, invoice, item)
            line |= {**fresh, "id": line["id"]}
            call.objects.touch(line)
    invoice_sums.recompute(call, invoice)
    call.objects.touch(invoice)


def _editable(call: Call, item: Obj) -> Obj | None:
    invoice = call.objects.maybe("invoice", item["invoice"])
    if invoice:
        need_draft(invoice)
    return invoice


@behaviour("DeleteInvoiceitemsInvoiceitem")
def delete(call: Call) -> Obj:
    item = call.objects.get("invoiceitem", call.path["invoiceitem"])
    invoice = _editable(call, item)
    stub = call.objects.delete("invoiceitem", item["id"])
    call.emit("invoiceitem.deleted", item)
    if invoice:
        for line in invoice_lines.of(call, invoice):
            if invoice_lines.sources(line)[0] == item["id"]:
                call.objects.delete("line_item", line["id"])
        invoice_sums.recompute(call, invoice)
        call.objects.touch(invoice)
    return stub


@behaviour("GetInvoiceitems")
def list_all(call: Call) -> Any:
    """`pending` shows those without an invoice (true) or on one (false)."""
    pending = call.params.get("pending")
    call.params.pop("pending", None)
    return generic.listing(call, lambda item: pending is None or pending is (item["invoice"] is None))
