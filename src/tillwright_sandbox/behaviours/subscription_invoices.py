"""Bill a subscription: the draft for a new period, and its way to being paid."""

from typing import Any

from tillwright_sandbox.behaviours import (
    discounts,
    invoice_collection,
    invoice_drafts,
    invoice_lines,
    invoice_states,
    invoice_sums,
    subscription_parts,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.behaviours.price_amounts import share
from tillwright_sandbox.call import Call

Obj = dict[str, Any]


def draft(
    call: Call,
    subscription: Obj,
    items: list[Obj],
    reason: str,
    *,
    fraction: tuple[int, int] = (1, 1),
    arrears: dict[str, tuple[int, int]] | None = None,
) -> Obj:
    """A stored draft with a line for each item's present period, and every pending invoice item.

    `fraction` (numerator, denominator) prorates a first period cut short or stretched; `arrears` gives metered items
    (by id) the period that has passed.
    """
    start, end = _span(items, call.now)
    invoice = invoice_drafts.of_subscription(call, subscription, reason, start, end)
    if reason == "subscription_cycle":
        invoice["period_start"], invoice["period_end"] = _billed(arrears, start, call.now)
    call.objects.insert(invoice)
    trial = subscription["trial_end"] is not None and subscription["trial_end"] > call.now
    for item in items:
        period = (arrears or {}).get(item["id"])
        price = subscription_parts.price_of(call, item)
        metered = price["recurring"]["usage_type"] == "metered"
        if period is None or not metered:
            period = (item["current_period_start"], item["current_period_end"])
        if metered and not arrears:
            period = (period[0], period[0])  # nothing was used before the first period
        line = invoice_lines.for_period(call, invoice, subscription, item, period, trial)
        if fraction != (1, 1) and not metered:
            line["amount"] = line["subtotal"] = share(line["amount"], *fraction)
        call.objects.insert(line)
    pending = invoice_drafts.pending_items(call, subscription["customer"], invoice["currency"], subscription["id"])
    invoice_drafts.take_items(call, invoice, pending)
    invoice_sums.recompute(call, invoice)
    call.objects.touch(invoice)
    call.emit("invoice.created", invoice)
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["latest_invoice"] = invoice["id"]
    return invoice


def _span(items: list[Obj], now: int) -> tuple[int, int]:
    starts = [item["current_period_start"] for item in items] or [now]
    return min(starts), max([*subscription_parts.ends(items), min(starts)])


def _billed(arrears: dict[str, tuple[int, int]] | None, start: int, now: int) -> tuple[int, int]:
    """A renewal's invoice names the period that has passed."""
    if arrears:
        return min(period[0] for period in arrears.values()), max(period[1] for period in arrears.values())
    return start, now


def drop_spent_discounts(call: Call, subscription: Obj) -> None:
    """Before a new period is billed: take away the discounts that are over."""
    used = _used(call, subscription)
    over = [id for id in subscription["discounts"] if _is_over(call, id, used)]
    if not over:
        return
    for id in over:
        if call.objects.maybe("discount", id):
            discounts.remove(call, id)
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["discounts"] = [id for id in subscription["discounts"] if id not in over]


def _used(call: Call, subscription: Obj) -> set[str]:
    """The discounts that an invoice of the subscription has already applied."""
    found = call.objects.find("invoice", customer=subscription["customer"])
    mine = (one for one in found if invoice_drafts.subscription_of(one) == subscription["id"])
    return {part["discount"] for one in mine for part in one["total_discount_amounts"] or []}


def _is_over(call: Call, id: str, used: set[str]) -> bool:
    discount = call.objects.maybe("discount", id)
    return discount is None or discounts.is_over(call, discount, id in used)


def settle(call: Call, invoice: Obj, *, off_session: bool = True, attempt: bool = True) -> Obj | None:
    """Finalise a subscription's invoice and, unless it is mailed, try to collect it. Answers the intent, if any."""
    invoice_states.finalize(call, invoice)
    if invoice["status"] != "open":
        return None
    if invoice["collection_method"] == "send_invoice":
        call.emit("invoice.sent", invoice)
        return None
    return invoice_collection.collect(call, invoice, off_session=off_session) if attempt else None
