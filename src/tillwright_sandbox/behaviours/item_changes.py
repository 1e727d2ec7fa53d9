"""Change a subscription's items: prices and quantities in mid-period, with what that costs or gives back."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    discounts,
    invoice_drafts,
    periods,
    prices,
    prorations,
    subscription_invoices,
    subscription_parts,
    subscription_states,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]


def apply(call: Call, subscription: Obj, entries: list[Obj], params: Obj) -> None:
    """Entries with an id change or remove that item, others add one; prorations follow `proration_behavior`."""
    behavior = params.get("proration_behavior") or "create_prorations"
    at = params.get("proration_date") or call.now
    before = {item["id"]: prorations.held(call, item) for item in subscription_states.items_of(call, subscription)}
    for index, entry in enumerate(entries):
        _apply_one(call, subscription, entry, f"items[{index}]")
    items = subscription_states.items_of(call, subscription)
    if not items:
        raise invalid("A subscription must have at least one active plan; cancel it to remove the last one.", "items")
    after = {item["id"]: prorations.held(call, item) for item in items}
    trialing = subscription["trial_end"] is not None and subscription["trial_end"] > call.now
    if trialing:
        return
    if params.get("billing_cycle_anchor") == "now" or _new_rhythm(before, after):
        _restart(call, subscription, items, before, at, behavior)
    elif behavior != "none":
        _prorate(call, subscription, before, after, at)
        if behavior == "always_invoice":
            bill_pending(call, subscription)


def _apply_one(call: Call, subscription: Obj, entry: Obj, param: str) -> None:
    if not entry.get("id"):
        found, _ = subscription_parts.check_entries(call, [entry], subscription["currency"])
        taken = [item["price"] for item in subscription_states.items_of(call, subscription)]
        if found[0]["id"] in taken:
            text = f"An existing Subscription Item is already using plan {found[0]['id']}."
            raise invalid(text, f"{param}[price]")
        end = subscription["trial_end"]
        period = subscription_parts.period_at(found[0], subscription["billing_cycle_anchor"], call.now)
        if end and end > call.now:
            period = (call.now, end)
        subscription_parts.make(call, subscription, entry, found[0], period)
        return
    item = call.objects.get("subscription_item", entry["id"], param=f"{param}[id]")
    if item["subscription"] != subscription["id"]:
        raise invalid(f"No such subscription item: '{entry['id']}'", f"{param}[id]", "resource_missing")
    if entry.get("deleted"):
        call.objects.delete("subscription_item", item["id"])
        return
    change(call, subscription, item, entry, param)


def change(call: Call, subscription: Obj, item: Obj, entry: Obj, param: str) -> None:
    """Set an item's price, quantity, discounts, tax rates, metadata."""
    if (entry.get("price") or entry.get("price_data")) and entry.get("price") != item["price"]:
        price = prices.for_item(call, entry, param, "recurring")
        if price["currency"] != subscription["currency"]:
            text = f"The price specified only supports `{price['currency']}`, the subscription is in "
            raise invalid(f"{text}`{subscription['currency']}`.", f"{param}[price]")
        item["price"] = price["id"]
        if price["recurring"]["usage_type"] == "metered":
            item.pop("quantity", None)
        else:
            item.setdefault("quantity", 1)
    if entry.get("quantity") is not None:
        item["quantity"] = entry["quantity"]
    if "discounts" in entry:
        item["discounts"] = discounts.give(
            call,
            entry["discounts"],
            customer=subscription["customer"],
            currency=subscription["currency"],
            subscription=subscription["id"],
            subscription_item=item["id"],
        )
    if "tax_rates" in entry:
        item["tax_rates"] = list(entry["tax_rates"] or [])
    if "metadata" in entry:
        generic.apply(item, {"metadata": entry["metadata"]})
    call.objects.touch(item)


def _new_rhythm(before: dict[str, prorations.Held], after: dict[str, prorations.Held]) -> bool:
    """Another interval on any item, or from free to paid: a new billing cycle begins now."""
    for id, new in after.items():
        old = before.get(id)
        if old and periods.length_of(old.price) != periods.length_of(new.price):
            return True
    was, now = (sum(one.amount for one in held.values()) for held in (before, after))
    return was == 0 and now > 0


def _prorate(call: Call, subscription: Obj, before: Obj, after: Obj, at: int) -> None:
    for id in [*before, *(id for id in after if id not in before)]:
        old, new = before.get(id), after.get(id)
        if old == new:
            continue
        if old:
            prorations.credit(call, subscription, id, old, at)
        if new:
            prorations.charge(call, subscription, id, new, at, _whole(new, subscription, at))


def _whole(held: prorations.Held, subscription: Obj, at: int) -> int:
    """A full period's seconds: an item added in mid-period has entered the running one late."""
    interval, count = periods.length_of(held.price)
    return held.end - periods.boundary(held.end, interval, count, -1)


def _restart(call: Call, subscription: Obj, items: list[Obj], before: Obj, at: int, behavior: str) -> None:
    """The old time is given back, a full new period begins and is billed now."""
    if behavior != "none":
        for id, old in before.items():
            prorations.credit(call, subscription, id, old, at)
    subscription["billing_cycle_anchor"] = call.now
    for item in items:
        price = subscription_parts.price_of(call, item)
        subscription_parts.set_period(call, item, subscription_parts.period_at(price, call.now, call.now))
    invoice = subscription_invoices.draft(call, subscription, items, "subscription_update")
    subscription_invoices.settle(call, invoice)


def credit_all(call: Call, subscription: Obj, items: list[Obj], at: int) -> None:
    for item in items:
        prorations.credit(call, subscription, item["id"], prorations.held(call, item), at)


def bill_pending(call: Call, subscription: Obj) -> Obj | None:
    """An invoice now for what is pending; None if nothing is."""
    customer, currency = subscription["customer"], subscription["currency"]
    if not invoice_drafts.pending_items(call, customer, currency, subscription["id"]):
        return None
    invoice = subscription_invoices.draft(call, subscription, [], "subscription_update")
    subscription_invoices.settle(call, invoice)
    return invoice
