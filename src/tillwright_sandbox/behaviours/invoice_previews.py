"""The invoice that would come next: worked out, then undone; nothing of it is stored."""

import copy
from typing import Any

from tillwright_sandbox.behaviours import (
    behaviour,
    discounts,
    invoice_drafts,
    invoice_items,
    invoice_lines,
    invoice_sums,
    item_changes,
    subscription_invoices,
    subscription_parts,
    subscription_states,
    subscriptions,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid
from tillwright_sandbox.render import render

Obj = dict[str, Any]


@behaviour("PostInvoicesCreatePreview")
def preview(call: Call) -> Obj:
    """Of a running subscription (with changes tried on), of one that might be made, or of pending items alone."""
    params = copy.deepcopy(call.params)
    schedule = params.get("schedule")
    if schedule:
        params["subscription"] = call.objects.get("subscription_schedule", schedule, param="schedule")["subscription"]
    if not params.get("subscription") and not params.get("customer"):
        raise invalid("You must specify a customer or a subscription.", "customer", "parameter_missing")
    call.emissions, told = [], call.emissions
    dice = call.world.dice.getstate()
    try:
        invoice = _work_out(call, params)
        shown = _shown(call, invoice)
    finally:
        # All of it happened only on trial: the store goes back, no event is told.
        call.world.undo.roll_back()
        call.world.undo.begin()
        call.emissions = told
        call.world.dice.setstate(dice)
    return shown


def _work_out(call: Call, params: Obj) -> Obj:
    details = params.get("subscription_details") or {}
    if params.get("subscription"):
        subscription = call.objects.get("subscription", params["subscription"], param="subscription")
        if subscription["status"] in subscription_states.ENDED:
            raise invalid("No upcoming invoices for a canceled subscription.", "subscription", "invoice_upcoming_none")
        params["customer"] = subscription["customer"]
        _add_items(call, params, subscription["id"])
        return _of_running(call, subscription, details, params)
    _add_items(call, params, None)
    if details.get("items"):
        return _of_new(call, params, details)
    customer = call.objects.get("customer", params["customer"], param="customer")
    pending = call.objects.find("invoiceitem", customer=customer["id"], invoice=None)
    if not pending:
        text = f"No upcoming invoices for customer: {customer['id']}"
        raise invalid(text, code="invoice_upcoming_none", status=404)
    invoice = invoice_drafts.blank(call, customer, pending[0]["currency"], "upcoming")
    call.objects.insert(invoice)
    invoice_drafts.take_items(call, invoice, invoice_drafts.pending_items(call, customer["id"], invoice["currency"]))
    return _totalled(call, invoice, params)


def _add_items(call: Call, params: Obj, subscription: str | None) -> None:
    for index, entry in enumerate(params.get("invoice_items") or []):
        values = {**entry, "customer": params["customer"]}
        if subscription:
            values["subscription"] = subscription
        invoice_items.from_params(call, values, f"invoice_items[{index}]")


def _of_running(call: Call, subscription: Obj, details: Obj, params: Obj) -> Obj:
    """The next renewal; with changes that bill at once, the invoice they make."""
    ends = details.get("cancel_at_period_end") or details.get("cancel_now") or subscription["cancel_at_period_end"]
    if ends and not invoice_drafts.pending_items(
        call, subscription["customer"], subscription["currency"], subscription["id"]
    ):
        text = f"No upcoming invoices for subscription: {subscription['id']}"
        raise invalid(text, "subscription", "invoice_upcoming_none", status=404)
    latest = subscription["latest_invoice"]
    if details.get("items") or details.get("billing_cycle_anchor") == "now":
        behavior = {"proration_behavior": details.get("proration_behavior") or "create_prorations"}
        if details.get("proration_date"):
            behavior["proration_date"] = details["proration_date"]
        if details.get("billing_cycle_anchor") == "now":
            behavior["billing_cycle_anchor"] = "now"
        item_changes.apply(call, subscription, details.get("items") or [], behavior)
        if subscription["latest_invoice"] != latest:
            return _totalled(call, call.objects.get("invoice", subscription["latest_invoice"]), params)
    subscription_invoices.drop_spent_discounts(call, subscription)
    items = subscription_states.items_of(call, subscription)
    first = min(subscription_parts.ends(items))
    due = [item for item in items if item["current_period_end"] == first]
    arrears = {item["id"]: (item["current_period_start"], item["current_period_end"]) for item in due}
    for item in due:
        price = subscription_parts.price_of(call, item)
        subscription_parts.set_period(
            call, item, subscription_parts.renewed(item, price, subscription["billing_cycle_anchor"])
        )
    subscription["trial_end"] = None
    invoice = subscription_invoices.draft(call, subscription, due, "subscription_cycle", arrears=arrears)
    invoice["created"] = first
    invoice["next_payment_attempt"] = first + invoice_drafts.HOUR
    return _totalled(call, invoice, params)


def _of_new(call: Call, params: Obj, details: Obj) -> Obj:
    terms = {name: value for name, value in details.items() if name not in ("cancel_now", "proration_date")}
    made = {
        **terms,
        "customer": params["customer"],
        "payment_behavior": "default_incomplete",
        "discounts": params.get("discounts"),
    }
    subscription = subscriptions.make(call, made)
    params.pop("discounts", None)
    return _totalled(call, call.objects.get("invoice", subscription["latest_invoice"]), params)


def _totalled(call: Call, invoice: Obj, params: Obj) -> Obj:
    if params.get("discounts"):
        invoice["discounts"] = discounts.give(
            call, params["discounts"], customer=invoice["customer"], currency=invoice["currency"], invoice=invoice["id"]
        )
    if invoice["status"] == "draft":
        invoice_sums.recompute(call, invoice)
    return invoice


def _shown(call: Call, invoice: Obj) -> Obj:
    """The draft as a preview shows it: with its lines in it, no number, no intent."""
    id = invoice["id"].replace("in_", "upcoming_in_", 1)
    lines = [render(call.objects, line) for line in invoice_lines.of(call, invoice)]
    for line in lines:
        line |= {"id": line["id"].replace("il_", "il_tmp_", 1), "invoice": id}
    shown = copy.deepcopy(render(call.objects, invoice))
    return shown | {
        "id": id,
        "auto_advance": False,
        "automatically_finalizes_at": None,
        "billing_reason": "upcoming",
        "confirmation_secret": None,
        "effective_at": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "lines": {
            "object": "list",
            "data": copy.deepcopy(lines[:10]),
            "has_more": len(lines) > 10,
            "url": f"/v1/invoices/{id}/lines",
        },
        "number": None,
        "status": "draft",
    }
