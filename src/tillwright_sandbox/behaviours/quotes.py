"""Quotes: an offer drawn up, opened, and accepted into a subscription or an invoice."""

import copy
from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import (
    behaviour,
    invoice_drafts,
    invoice_items,
    line_items,
    lists,
    quote_sums,
    subscription_terms,
    subscriptions,
)
from tillwright_sandbox.behaviours import invoice_sums as sums
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
DAY = 86_400
_COPIED = ("collection_method", "description", "footer", "header", "metadata", "invoice_settings", "on_behalf_of")


@behaviour("PostQuotes")
def create(call: Call) -> Obj:
    params = copy.deepcopy(call.params)
    if params.get("from_quote"):
        params = _as_before(call, params)
    if params.get("customer"):
        call.objects.get("customer", params["customer"], param="customer")
    data = {"description": None, "effective_date": None, "trial_period_days": None, "metadata": {}}
    given = {name: value for name, value in (params.get("subscription_data") or {}).items() if value != ""}
    quote = generic.build(
        call,
        "quote",
        id=call.new_id("qt"),
        automatic_tax={"enabled": False, "liability": None, "status": None, "provider": None},
        collection_method=params.get("collection_method") or "charge_automatically",
        customer=params.get("customer"),
        default_tax_rates=list(params.get("default_tax_rates") or []),
        description=params.get("description") or None,
        discounts=[],
        expires_at=params.get("expires_at") or call.now + 30 * DAY,
        footer=params.get("footer") or None,
        from_quote=params.get("from_quote"),
        header=params.get("header") or None,
        invoice_settings={"days_until_due": None, "issuer": {"type": "self"}, **(params.get("invoice_settings") or {})},
        metadata=dict(params.get("metadata") or {}),
        status="draft",
        status_transitions={"accepted_at": None, "canceled_at": None, "finalized_at": None},
        subscription_data={
            **data,
            **given,
            "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
        },
        test_clock=params.get("test_clock"),
        _discounts=params.get("discounts") or [],
    )
    call.objects.insert(quote)
    line_items.add(call, ("quote", quote["id"]), params.get("line_items") or [], None)
    quote_sums.recompute(call, quote)
    call.emit("quote.created", quote)
    return quote


def _as_before(call: Call, params: Obj) -> Obj:
    """A copy of another quote, as a starting point or a revision of it."""
    other = call.objects.get("quote", params["from_quote"]["quote"], param="from_quote[quote]")
    rows = line_items.of(call, ("quote", other["id"]))
    kept = {name: copy.deepcopy(other[name]) for name in (*_COPIED, "customer") if other.get(name)}
    kept["line_items"] = [{"price": row["price"], "quantity": row["quantity"]} for row in rows]
    kept["discounts"] = copy.deepcopy(other.get("_discounts") or [])
    origin = {"is_revision": bool(params["from_quote"].get("is_revision")), "quote": other["id"]}
    return {**kept, **params, "from_quote": origin}


def _in(call: Call, *statuses: str) -> Obj:
    quote = call.objects.get("quote", call.path["quote"])
    if quote["status"] not in statuses:
        text = f"This quote is {quote['status']}; this can only be done to a quote that is {' or '.join(statuses)}."
        raise invalid(text, code="quote_unexpected_state")
    return quote


@behaviour("PostQuotesQuote")
def update(call: Call) -> Obj:
    """A draft changes freely; an open quote only in its expiry and metadata."""
    quote, params = _in(call, "draft", "open"), copy.deepcopy(call.params)
    if quote["status"] == "open" and set(params) - {"expires_at", "metadata"}:
        raise invalid("An open quote can't be changed; only its expires_at and metadata can.", sorted(params)[0])
    rows = params.pop("line_items", None)
    discounts = params.pop("discounts", None)
    generic.apply(quote, params)
    if rows is not None:
        for row in line_items.of(call, ("quote", quote["id"])):
            call.objects.forget("item", row["id"])
        line_items.add(call, ("quote", quote["id"]), rows, None)
    if discounts is not None:
        quote["_discounts"] = discounts or []
    quote_sums.recompute(call, quote)
    call.objects.touch(quote)
    return quote


@behaviour("PostQuotesQuoteFinalize")
def finalize(call: Call) -> Obj:
    quote = _in(call, "draft")
    if not line_items.of(call, ("quote", quote["id"])):
        raise invalid("You can't finalize a quote without line items.", "line_items")
    if not quote["customer"]:
        raise invalid("You can't finalize a quote without a customer.", "customer")
    count = len(call.objects.find("quote", customer=quote["customer"]))
    quote |= {
        "status": "open",
        "number": f"QT-{quote['customer'][-8:].upper()}-{count:04d}-1",
        "expires_at": call.params.get("expires_at") or quote["expires_at"],
    }
    quote["status_transitions"]["finalized_at"] = call.now
    call.objects.touch(quote)
    call.emit("quote.finalized", quote)
    return quote


@behaviour("PostQuotesQuoteCancel")
def cancel(call: Call) -> Obj:
    quote = _in(call, "draft", "open")
    quote["status"] = "canceled"
    quote["status_transitions"]["canceled_at"] = call.now
    call.objects.touch(quote)
    call.emit("quote.canceled", quote)
    return quote


@behaviour("PostQuotesQuoteAccept")
def accept(call: Call) -> Obj:
    """Recurring items become a subscription, one-time items alone a draft invoice."""
    quote = _in(call, "open")
    rows = line_items.of(call, ("quote", quote["id"]))
    recurring = [row for row in rows if call.objects.get("price", row["price"])["type"] == "recurring"]
    once = [row for row in rows if row not in recurring]
    quote["status"] = "accepted"
    quote["status_transitions"]["accepted_at"] = call.now
    if recurring:
        subscription = subscriptions.make(call, _subscription(quote, recurring, once))
        quote |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    else:
        quote["invoice"] = _invoice(call, quote, once)["id"]
    call.objects.touch(quote)
    call.emit("quote.accepted", quote)
    return quote


def _subscription(quote: Obj, recurring: list[Obj], once: list[Obj]) -> Obj:
    data = quote["subscription_data"]
    entries = [{"price": row["price"], "quantity": row["quantity"]} for row in recurring]
    params: Obj = {
        "add_invoice_items": [{"price": row["price"], "quantity": row["quantity"]} for row in once],
        "collection_method": quote["collection_method"],
        "customer": quote["customer"],
        "default_tax_rates": quote["default_tax_rates"],
        "discounts": quote["_discounts"],
        "items": entries,
        "metadata": data["metadata"] or {},
        "payment_behavior": "default_incomplete",
    }
    if data["trial_period_days"]:
        params["trial_period_days"] = data["trial_period_days"]
    if quote["collection_method"] == "send_invoice":
        params["days_until_due"] = quote["invoice_settings"]["days_until_due"] or 30
    return params


def _invoice(call: Call, quote: Obj, once: list[Obj]) -> Obj:
    customer = call.objects.get("customer", quote["customer"])
    how = quote["collection_method"]
    days = quote["invoice_settings"]["days_until_due"] or 30 if how == "send_invoice" else None
    subscription_terms.check_collection(how, days)
    invoice = invoice_drafts.blank(
        call,
        customer,
        quote["currency"],
        "quote_accept",
        collection_method=how,
        days_until_due=days,
        default_tax_rates=list(quote["default_tax_rates"]),
        parent={"type": "quote_details", "quote_details": {"quote": quote["id"]}, "subscription_details": None},
    )
    call.objects.insert(invoice)
    for row in once:
        values = {"customer": customer["id"], "price": row["price"], "quantity": row["quantity"]}
        invoice_drafts.take_items(call, invoice, [invoice_items.from_params(call, values)])
    invoice["discounts"] = quote_sums.give(call, quote, invoice["id"])
    sums.recompute(call, invoice)
    call.emit("invoice.created", invoice)
    return invoice


@behaviour("GetQuotesQuoteLineItems")
def list_items(call: Call) -> pages.Page:
    quote = call.objects.get("quote", call.path["quote"])
    return lists.of_records(call, ("item",), call.objects.children("quote", quote["id"], "item"))


@behaviour("GetQuotesQuoteComputedUpfrontLineItems")
def list_upfront(call: Call) -> pages.Page:
    """What is paid at once: one-time items, and the first period of recurring ones."""
    return list_items(call)
