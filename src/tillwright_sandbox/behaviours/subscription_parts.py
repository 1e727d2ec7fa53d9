"""A subscription's items as parts of it: made from parameters, with their billing periods."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import discounts, periods, prices
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]


def price_of(call: Call, item: Obj) -> Obj:
    return call.objects.get("price", item["price"])


def check_entries(call: Call, entries: list[Obj], currency: str | None) -> tuple[list[Obj], str]:
    """The prices of new items and their common currency; refuses what can't be billed together."""
    found = [prices.for_item(call, entry, f"items[{index}]", "recurring") for index, entry in enumerate(entries)]
    for index, price in enumerate(found):
        wanted = currency or found[0]["currency"]
        if price["currency"] != wanted and wanted not in (price.get("currency_options") or {}):
            text = (
                f"The price specified only supports `{price['currency']}`. This doesn't match the expected currency: "
            )
            raise invalid(f"{text}`{wanted}`.", f"items[{index}][price]")
        if price["recurring"]["usage_type"] == "metered" and entries[index].get("quantity") is not None:
            raise invalid(
                "Quantity should not be specified where usage_type is `metered`.", f"items[{index}][quantity]"
            )
    ids = [price["id"] for price in found]
    if len(set(ids)) != len(ids):
        raise invalid("Cannot add multiple subscription items with the same plan.", "items")
    return found, currency or found[0]["currency"]


def make(call: Call, subscription: Obj, entry: Obj, price: Obj, period: tuple[int, int]) -> Obj:
    """One stored item, for the period (start, end) in unix seconds."""
    id = call.new_id("si")
    given = discounts.give(
        call,
        entry.get("discounts"),
        customer=subscription["customer"],
        currency=subscription["currency"],
        param="items[discounts]",
        subscription=subscription["id"],
        subscription_item=id,
    )
    values: Obj = {
        "current_period_start": period[0],
        "current_period_end": period[1],
        "discounts": given,
        "id": id,
        "metadata": dict(entry.get("metadata") or {}),
        "price": price["id"],
        "subscription": subscription["id"],
        "tax_rates": list(entry.get("tax_rates") or []),
    }
    for rate in values["tax_rates"]:
        call.objects.get("tax_rate", rate, param="items[tax_rates]")
    if price["recurring"]["usage_type"] == "licensed":
        values["quantity"] = entry["quantity"] if entry.get("quantity") is not None else 1
    return call.objects.insert(generic.build(call, "subscription_item", **values))


def period_at(price: Obj, anchor: int, at: int) -> tuple[int, int]:
    """The billing period of a price that holds `at`, counted from the anchor; a period begins where it was entered."""
    interval, count = periods.length_of(price)
    end = periods.next_boundary(anchor, interval, count, at)
    return at, end


def renewed(item: Obj, price: Obj, anchor: int) -> tuple[int, int]:
    """The period after the item's present one."""
    interval, count = periods.length_of(price)
    start = item["current_period_end"]
    return start, periods.next_boundary(anchor, interval, count, start)


def set_period(call: Call, item: Obj, period: tuple[int, int]) -> None:
    item["current_period_start"], item["current_period_end"] = period
    call.objects.touch(item)


def ends(items: list[Obj]) -> list[int]:
    return [item["current_period_end"] for item in items]
