"""What a checkout session or payment link sells: its line items, their sums, the discount on them."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox.behaviours import coupons, price_amounts, prices, refs
from tillwright_sandbox.call import Call


def add(call: Call, owner: tuple[str, str], entries: list[dict[str, Any]], mode: str | None) -> list[dict[str, Any]]:
    """Stored `item` objects under (object, id), of prices named or described inline."""
    return [_one(call, owner, entry, f"line_items[{index}]", mode) for index, entry in enumerate(entries)]


def _one(call: Call, owner: tuple[str, str], entry: dict[str, Any], param: str, mode: str | None) -> dict[str, Any]:
    price = prices.for_item(call, entry, param, _kind(call, entry, mode))
    quantity = entry.get("quantity", 1)
    if quantity < 1:
        raise refs.invalid("This value must be greater than or equal to 1.", f"{param}[quantity]")
    product = call.objects.maybe("product", price["product"])
    amount = price_amounts.amount_of(price, quantity)
    item = {
        "id": call.new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"] if product else None,
        "metadata": dict(entry.get("metadata") or {}),
        "price": price["id"],
        "quantity": quantity,
        "_adjustable": entry.get("adjustable_quantity"),
    }
    return call.objects.insert(item, parent=owner)


def _kind(call: Call, entry: dict[str, Any], mode: str | None) -> str:
    """A payment sells one-time prices only; a subscription (and a link) may mix both."""
    if mode == "payment":
        return "one_time"
    if entry.get("price_data"):
        return "recurring" if entry["price_data"].get("recurring") else "one_time"
    price = call.objects.maybe("price", entry.get("price"))
    return price["type"] if price else "one_time"


def of(call: Call, owner: tuple[str, str]) -> list[dict[str, Any]]:
    """The items in the order they were given."""
    rows = call.objects.children(*owner, "item")
    return [call.objects.get("item", row.id) for row in sorted(rows, key=lambda row: row.key)]


def common_currency(items: list[dict[str, Any]]) -> str | None:
    """The one currency of all items; several are refused."""
    found = {item["currency"] for item in items}
    if len(found) > 1:
        text = f"You can't combine currencies in one session; the prices are in {', '.join(sorted(found))}."
        raise refs.invalid(text, "line_items")
    return next(iter(found), None)


def coupon_of(call: Call, entry: dict[str, Any], param: str) -> dict[str, Any]:
    """The coupon of {coupon} or {promotion_code}, if it can still be redeemed."""
    if entry.get("promotion_code"):
        code = refs.named(call, "promotion_code", entry["promotion_code"], f"{param}[promotion_code]", "promotion code")
        if not code["active"]:
            text = "This promotion code is not active or has been used up."
            raise refs.invalid(text, f"{param}[promotion_code]", "promotion_code_inactive")
        coupon = call.objects.get("coupon", code["promotion"]["coupon"])
    elif entry.get("coupon"):
        coupon = refs.named(call, "coupon", entry["coupon"], f"{param}[coupon]")
    else:
        raise refs.invalid("You must specify a coupon or a promotion_code.", param, "parameter_missing")
    coupons.check_redeemable(call, coupon, param)
    return coupon


def discount(call: Call, items: list[dict[str, Any]], coupon: dict[str, Any]) -> int:
    """Take a coupon off the items; answers the whole discount in minor units."""
    allowed = (coupon.get("applies_to") or {}).get("products")
    hit = [one for one in items if not allowed or call.objects.get("price", one["price"])["product"] in allowed]
    whole = sum(one["amount_subtotal"] for one in hit)
    if coupon.get("percent_off") is not None:
        off = price_amounts.share(whole, coupon["percent_off"], 100)
    else:
        off = min(coupon["amount_off"], whole)
    left = off
    for index, item in enumerate(hit):
        last = index == len(hit) - 1
        part = left if last else price_amounts.share(off, item["amount_subtotal"], max(whole, 1))
        left -= part
        item |= {"amount_discount": part, "amount_total": item["amount_subtotal"] - part}
        call.objects.touch(item)
    return off
