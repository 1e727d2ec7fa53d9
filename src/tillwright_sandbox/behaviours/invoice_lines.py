"""An invoice's lines: what a subscription item, a proration or an invoice item becomes on it, and how it is worded."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import meter_usage, money
from tillwright_sandbox.behaviours.price_amounts import amount_of, unit_of
from tillwright_sandbox.call import Call

Obj = dict[str, Any]


def of(call: Call, invoice: Obj) -> list[Obj]:
    """The invoice's lines, oldest first."""
    return list(reversed(call.objects.find("line_item", invoice=invoice["id"])))


def per_interval(price: Obj) -> str:
    """ "$10.00 / month", "€30.00 every 3 months"."""
    unit = unit_of(price)
    amount = money.shown(int(unit), price["currency"]).rsplit(" ", 1)[0]
    if not price["recurring"]:
        return f"{amount} each"
    interval, count = price["recurring"]["interval"], price["recurring"]["interval_count"]
    return f"{amount} / {interval}" if count == 1 else f"{amount} every {count} {interval}s"


def product_name(call: Call, price: Obj) -> str:
    product = call.objects.maybe("product", price["product"])
    return product["name"] if product else price["product"]


def pricing(price: Obj) -> Obj:
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def item_parent(subscription: str, item: str, *, invoice_item: str | None = None, proration: bool = False) -> Obj:
    """The parent of a line that comes of a subscription item."""
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": invoice_item,
            "proration": proration,
            "proration_details": {"credited_items": None},
            "subscription": subscription,
            "subscription_item": item,
        },
    }


def build(call: Call, invoice: Obj, **values: Any) -> Obj:
    """A line, not yet stored (a preview never stores its own)."""
    values.setdefault("id", call.new_id("il"))
    values.setdefault("subtotal", values["amount"])
    quantity = values.get("quantity")
    return generic.build(
        call,
        "line_item",
        **{
            "currency": invoice["currency"],
            "discount_amounts": [],
            "discountable": True,
            "discounts": [],
            "invoice": invoice["id"],
            "livemode": call.livemode,
            "metadata": {},
            "pretax_credit_amounts": [],
            "quantity_decimal": str(quantity) if quantity is not None else None,
            "taxes": [],
            **values,
        },
    )


def for_period(call: Call, invoice: Obj, subscription: Obj, item: Obj, period: tuple[int, int], trial: bool) -> Obj:
    """What an item costs for a period (start, end): in advance, or for a metered price what was used in it."""
    price = call.objects.get("price", item["price"])
    name = product_name(call, price)
    start, end = period
    if price["recurring"]["usage_type"] == "metered":
        quantity = (
            0 if trial else meter_usage.used(call, price["recurring"]["meter"], subscription["customer"], start, end)
        )
    else:
        quantity = item.get("quantity", 1)
    amount = 0 if trial else amount_of(price, quantity)
    text = f"Trial period for {name}" if trial else f"{quantity} × {name} (at {per_interval(price)})"
    return build(
        call,
        invoice,
        amount=amount,
        description=text,
        discounts=list(item["discounts"]),
        metadata=dict(subscription["metadata"]),
        parent=item_parent(subscription["id"], item["id"]),
        period={"start": start, "end": end},
        pricing=pricing(price),
        quantity=quantity,
        subscription=subscription["id"],
    )


def for_invoice_item(call: Call, invoice: Obj, item: Obj) -> Obj:
    """The line an invoice item becomes."""
    origin = (item["parent"] or {}).get("subscription_details") or {}
    if origin.get("subscription_item"):
        parent = item_parent(
            origin["subscription"], origin["subscription_item"], invoice_item=item["id"], proration=item["proration"]
        )
    else:
        parent = {
            "type": "invoice_item_details",
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": {"credited_items": None},
                "subscription": origin.get("subscription"),
            },
            "subscription_item_details": None,
        }
    return build(
        call,
        invoice,
        amount=item["amount"],
        description=item["description"],
        discountable=item["discountable"],
        discounts=list(item["discounts"] or []),
        metadata=dict(item["metadata"] or {}),
        parent=parent,
        period=dict(item["period"]),
        pricing=copy.deepcopy(item["pricing"]),
        quantity=item["quantity"],
        quantity_decimal=item["quantity_decimal"],
        subscription=origin.get("subscription"),
    )


def sources(line: Obj) -> tuple[str | None, str | None]:
    """The (invoice item, subscription item) a line came from."""
    parent = line["parent"] or {}
    details = parent.get("invoice_item_details") or parent.get("subscription_item_details") or {}
    return details.get("invoice_item"), details.get("subscription_item")
