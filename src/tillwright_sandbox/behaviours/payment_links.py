"""Payment links: an address that opens a fresh checkout session for whoever follows it."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import behaviour, changes, checkout_sessions, line_items, lists, refs
from tillwright_sandbox.call import Call
from tillwright_sandbox.ids import random_text

_CUSTOM_TEXT = dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))


@behaviour("PostPaymentLinks")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    id = call.new_id("plink")
    if not params.get("line_items"):
        raise refs.invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    items = line_items.add(call, ("payment_link", id), params["line_items"], None)
    after = params.get("after_completion") or {}
    completion: dict[str, Any] = {"type": after.get("type", "hosted_confirmation")}
    if completion["type"] == "redirect":
        completion["redirect"] = {"url": (after.get("redirect") or {}).get("url") or ""}
    else:
        completion["hosted_confirmation"] = {
            "custom_message": (after.get("hosted_confirmation") or {}).get("custom_message")
        }
    link = generic.build(
        call,
        "payment_link",
        id=id,
        object="payment_link",
        active=True,
        after_completion=completion,
        allow_promotion_codes=bool(params.get("allow_promotion_codes")),
        automatic_tax={"enabled": bool((params.get("automatic_tax") or {}).get("enabled")), "liability": None},
        billing_address_collection=params.get("billing_address_collection") or "auto",
        currency=line_items.common_currency(items),
        custom_fields=[],
        custom_text=dict(_CUSTOM_TEXT),
        customer_creation=params.get("customer_creation") or "if_required",
        inactive_message=params.get("inactive_message"),
        livemode=call.livemode,
        metadata=dict(params.get("metadata") or {}),
        payment_method_collection=params.get("payment_method_collection") or "always",
        payment_method_types=params.get("payment_method_types"),
        phone_number_collection={"enabled": bool((params.get("phone_number_collection") or {}).get("enabled"))},
        shipping_options=[],
        submit_type=params.get("submit_type") or "auto",
        tax_id_collection={"enabled": False, "required": "never"},
        url=f"https://buy.stripe.com/{'' if call.livemode else 'test_'}{random_text(call.world.dice, 18)}",
    )
    call.objects.insert(link)
    call.emit("payment_link.created", link)
    return link


@behaviour("PostPaymentLinksPaymentLink")
def update(call: Call) -> dict[str, Any]:
    link = call.objects.get("payment_link", call.path["payment_link"])
    names = (
        "active", "allow_promotion_codes", "billing_address_collection", "customer_creation", "inactive_message",
        "metadata", "payment_method_collection", "payment_method_types", "submit_type",
    )  # fmt: skip
    with changes.updating(call, link, "payment_link.updated"):
        generic.apply(link, {key: call.params[key] for key in names if key in call.params})
        if after := call.params.get("after_completion"):
            link["after_completion"] = after
    return link


@behaviour("GetPaymentLinksPaymentLinkLineItems")
def list_items(call: Call) -> pages.Page:
    link = call.objects.get("payment_link", call.path["payment_link"])
    return lists.in_order(call, "item", call.objects.children("payment_link", link["id"], "item"))


def follow(call: Call, link_id: str) -> dict[str, Any]:
    """A buyer opened the link: an open session that sells what the link sells."""
    link = call.objects.get("payment_link", link_id)
    if not link["active"]:
        raise refs.invalid(link["inactive_message"] or "This payment link is no longer active.", "payment_link")
    items = line_items.of(call, ("payment_link", link_id))
    recurring = any(call.objects.get("price", item["price"])["type"] == "recurring" for item in items)
    params = {
        "line_items": [{"price": item["price"], "quantity": item["quantity"]} for item in items],
        "success_url": "https://stripe.com",
        "metadata": dict(link["metadata"]),
    }
    if not recurring:
        params["customer_creation"] = link["customer_creation"]
    return checkout_sessions.make(call, params, "subscription" if recurring else "payment", True, link_id)
