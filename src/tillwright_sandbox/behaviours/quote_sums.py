"""What a quote comes to: at once, and every period after."""

from typing import Any

from tillwright_sandbox.behaviours import discounts, line_items, periods
from tillwright_sandbox.call import Call

Obj = dict[str, Any]


def recompute(call: Call, quote: Obj) -> None:
    """Amounts in minor units, discounts taken off; tax rates are added at invoicing."""
    rows = line_items.of(call, ("quote", quote["id"]))
    for row in rows:
        row |= {"amount_discount": 0, "amount_total": row["amount_subtotal"]}
    quote["currency"] = line_items.common_currency(rows)
    for index, entry in enumerate(quote["_discounts"]):
        named = {name: value for name, value in entry.items() if value}
        line_items.discount(call, rows, line_items.coupon_of(call, named, f"discounts[{index}]"))
    prices = {row["id"]: call.objects.get("price", row["price"]) for row in rows}
    recurring = [row for row in rows if prices[row["id"]]["type"] == "recurring"]
    upfront = _sums(rows)
    quote["amount_subtotal"], quote["amount_total"] = upfront["amount_subtotal"], upfront["amount_total"]
    quote["total_details"] = upfront["total_details"]
    computed: Obj = {"upfront": upfront, "recurring": None}
    if recurring:
        interval, count = periods.shortest([prices[row["id"]] for row in recurring])
        computed["recurring"] = _sums(recurring) | {"interval": interval, "interval_count": count}
    quote["computed"] = computed
    call.objects.touch(quote)


def _sums(rows: list[Obj]) -> Obj:
    return {
        "amount_subtotal": sum(row["amount_subtotal"] for row in rows),
        "amount_total": sum(row["amount_total"] for row in rows),
        "total_details": {
            "amount_discount": sum(row["amount_discount"] for row in rows),
            "amount_shipping": 0,
            "amount_tax": 0,
        },
    }


def give(call: Call, quote: Obj, invoice: str) -> list[str]:
    """The quote's discounts, redeemed for the invoice it became."""
    named = [{name: value for name, value in entry.items() if value} for entry in quote["_discounts"]]
    return discounts.give(call, named, customer=quote["customer"], currency=quote["currency"], invoice=invoice)
