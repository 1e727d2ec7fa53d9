"""A new draft invoice: who it bills, for what period, and which pending invoice items it takes along."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import invoice_lines
from tillwright_sandbox.call import Call

Obj = dict[str, Any]
HOUR = 3600
DAY = 86_400


def blank(call: Call, customer: Obj, currency: str, reason: str, **values: Any) -> Obj:
    """A draft, not yet stored. `values` override its fields."""
    fields: Obj = {
        "id": call.new_id("in"),
        "account_country": call.account.country,
        "account_name": call.account.name,
        "auto_advance": False,
        "automatic_tax": {
            "enabled": False,
            "liability": None,
            "disabled_reason": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer["id"],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "metadata": {},
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": call.now,
        "period_start": call.now,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": customer.get("test_clock"),
        **_billed_to(customer),
        **values,
    }
    if fields.pop("days_until_due", None) is not None:
        fields["due_date"] = call.now + values["days_until_due"] * DAY
    return generic.build(call, "invoice", **fields)


def _billed_to(customer: Obj) -> Obj:
    """The customer as the invoice keeps it from its draft on."""
    named = ("address", "email", "name", "phone", "shipping")
    billed = {f"customer_{name}": copy.deepcopy(customer.get(name)) for name in named}
    settings = customer.get("invoice_settings") or {}
    return {
        **billed,
        "customer_tax_exempt": customer.get("tax_exempt") or "none",
        "customer_tax_ids": [],
        "custom_fields": copy.deepcopy(settings.get("custom_fields")),
        "footer": settings.get("footer"),
    }


def of_subscription(call: Call, subscription: Obj, reason: str, start: int, end: int) -> Obj:
    """A draft for a subscription; its terms come from the subscription."""
    customer = call.objects.get("customer", subscription["customer"])
    values: Obj = {
        "auto_advance": True,
        "automatically_finalizes_at": call.now + HOUR,
        "collection_method": subscription["collection_method"],
        "default_payment_method": subscription["default_payment_method"],
        "default_tax_rates": list(subscription["default_tax_rates"] or []),
        "description": subscription["description"],
        "discounts": live_discounts(customer, subscription),
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
            },
        },
        "period_start": start,
        "period_end": end,
    }
    if subscription["collection_method"] == "send_invoice":
        values["days_until_due"] = subscription["days_until_due"]
    return blank(call, customer, subscription["currency"], reason, **values)


def live_discounts(customer: Obj, subscription: Obj | None) -> list[str]:
    """The subscription's own discounts; where it has none, the customer's."""
    if subscription and subscription["discounts"]:
        return list(subscription["discounts"])
    return [customer["discount"]] if customer.get("discount") else []


def subscription_of(invoice: Obj) -> str | None:
    """The subscription an invoice bills, from its parent."""
    details = ((invoice.get("parent") or {}).get("subscription_details")) or {}
    return details.get("subscription")


def pending_items(call: Call, customer: str, currency: str, subscription: str | None = None) -> list[Obj]:
    """Invoice items that wait for an invoice, oldest first: the subscription's own and those bound to none."""
    found = call.objects.find("invoiceitem", customer=customer, invoice=None, currency=currency)
    return [item for item in reversed(found) if _origin(item) in (None, subscription)]


def _origin(item: Obj) -> str | None:
    return ((item["parent"] or {}).get("subscription_details") or {}).get("subscription")


def take_items(call: Call, invoice: Obj, items: list[Obj]) -> None:
    """Put pending invoice items onto the draft, each as a line."""
    for item in items:
        item["invoice"] = invoice["id"]
        call.objects.touch(item)
        call.objects.insert(invoice_lines.for_invoice_item(call, invoice, item))
