"""A schedule's phases: their dates and items, and what entering one does to its subscription."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    discounts,
    item_changes,
    periods,
    prices,
    subscription_changes,
    subscription_states,
    subscriptions,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
SCHEMA = "subscription_schedule_phase_configuration"
_TERMS = (
    "collection_method",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "metadata",
    "billing_thresholds",
    "transfer_data",
    "on_behalf_of",
)


def build(call: Call, given: list[Obj], start: int) -> list[Obj]:
    """Stored phases from parameters; each begins where the one before it ends. Unix seconds."""
    phases = []
    for index, entry in enumerate(given):
        here = f"phases[{index}]"
        entry = copy.deepcopy(entry)
        began: int = entry["start_date"] if isinstance(entry.get("start_date"), int) else start
        items = [_item(call, item, f"{here}[items][{n}]") for n, item in enumerate(entry["items"])]
        price = call.objects.get("price", items[0]["price"])
        end = _end(entry, began, price, here)
        if end <= began:
            raise invalid("A phase must end after it begins.", f"{here}[end_date]")
        entry |= {
            "currency": entry.get("currency") or price["currency"],
            "start_date": began,
            "end_date": end,
            "items": items,
            "discounts": [_named(one) for one in entry.get("discounts") or []],
            "add_invoice_items": entry.get("add_invoice_items") or [],
            "proration_behavior": entry.get("proration_behavior") or "create_prorations",
            "trial_end": end if entry.pop("trial", False) else entry.get("trial_end"),
        }
        phases.append(generic.build(call, SCHEMA, **entry))
        start = end
    return phases


def _end(entry: Obj, start: int, price: Obj, here: str) -> int:
    given = [name for name in ("end_date", "duration") if entry.get(name)]
    if len(given) > 1:
        raise invalid("You may only specify one of these parameters: end_date, duration.", f"{here}[duration]")
    if entry.get("end_date"):
        return entry.pop("end_date")
    duration = entry.pop("duration", None)
    if duration:
        return periods.add(start, duration["interval"], duration.get("interval_count", 1))
    return periods.add(start, *periods.length_of(price))


def _item(call: Call, entry: Obj, here: str) -> Obj:
    price = prices.for_item(call, entry, here, "recurring")
    item = {
        "price": price["id"],
        "quantity": entry.get("quantity", 1),
        "metadata": dict(entry.get("metadata") or {}),
        "discounts": [_named(one) for one in entry.get("discounts") or []],
        "tax_rates": list(entry.get("tax_rates") or []),
        "billing_thresholds": None,
    }
    if price["recurring"]["usage_type"] == "metered":
        del item["quantity"]
    return item


def _named(entry: Obj) -> Obj:
    return {"coupon": None, "discount": None, "promotion_code": None} | entry


def _given(entries: list[Obj]) -> list[Obj]:
    return [{name: value for name, value in one.items() if value} for one in entries]


def _entries(phase: Obj) -> list[Obj]:
    """The phase's items as parameters of a subscription."""
    kept = ("price", "quantity", "metadata", "tax_rates")
    rows = []
    for item in phase["items"]:
        row = {name: item[name] for name in kept if item.get(name) not in (None, [])}
        if item["discounts"]:
            row["discounts"] = _given(item["discounts"])
        rows.append(row)
    return rows


def of_subscription(call: Call, subscription: Obj) -> Obj:
    """The single phase that describes a running subscription as it stands."""
    items = subscription_states.items_of(call, subscription)
    rows = []
    for item in items:
        row = {"price": item["price"], "metadata": dict(item["metadata"]), "discounts": [], "billing_thresholds": None}
        rows.append({**row, "tax_rates": list(item["tax_rates"] or []), "quantity": item.get("quantity", 1)})
    return generic.build(
        call,
        SCHEMA,
        add_invoice_items=[],
        currency=subscription["currency"],
        discounts=[_named({"discount": id}) for id in subscription["discounts"]],
        items=rows,
        proration_behavior="create_prorations",
        start_date=min(item["current_period_start"] for item in items),
        end_date=max(item["current_period_end"] for item in items),
        trial_end=subscription["trial_end"],
    )


def begin(call: Call, schedule: Obj, phase: Obj) -> None:
    """Enter a phase: the subscription is made by the first, changed by the others."""
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    settings = schedule["default_settings"]
    terms = {name: phase.get(name) or settings.get(name) for name in _TERMS}
    terms = {name: value for name, value in terms.items() if value}
    if terms.get("collection_method") == "send_invoice":
        days = (phase.get("invoice_settings") or settings["invoice_settings"] or {}).get("days_until_due")
        terms["days_until_due"] = days or 30
    subscription = call.objects.maybe("subscription", schedule["subscription"])
    if subscription is None:
        values = {**terms, "customer": schedule["customer"], "items": _entries(phase)}
        values["discounts"] = _given(phase["discounts"])
        if phase["trial_end"]:
            values["trial_end"] = phase["trial_end"]
        made = subscriptions.make(call, values, schedule=schedule["id"])
        schedule["subscription"] = made["id"]
    else:
        _change(call, subscription, phase, terms)
    call.objects.touch(schedule)


def _change(call: Call, subscription: Obj, phase: Obj, terms: Obj) -> None:
    """Items not in the phase go, the others take its price and quantity."""
    rows, known = _entries(phase), subscription_states.items_of(call, subscription)
    for index, item in enumerate(known):
        if index < len(rows):
            rows[index]["id"] = item["id"]
        else:
            rows.append({"id": item["id"], "deleted": True})
    boundary = any(item["current_period_end"] <= call.now for item in known)
    with updating(call, subscription, "customer.subscription.updated"):
        subscription_changes.change(call, subscription, terms)
        # On the edge of a period nothing is unused: the renewal that follows bills the new items.
        behavior = "none" if boundary else phase["proration_behavior"]
        item_changes.apply(call, subscription, rows, {"proration_behavior": behavior})
        if phase["discounts"]:
            subscription["discounts"] = discounts.give(
                call,
                _given(phase["discounts"]),
                customer=subscription["customer"],
                currency=subscription["currency"],
                subscription=subscription["id"],
            )
