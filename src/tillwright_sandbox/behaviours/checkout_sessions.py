"""Checkout sessions: a page on which a buyer pays, subscribes or saves a card; here it is made, changed, expired."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import (
    behaviour,
    later,
    line_items,
    lists,
    money,
    refs,
    setup_intents,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.ids import random_text

DAY = 86_400


@behaviour("PostCheckoutSessions")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    mode = params.get("mode") or ("setup" if not params.get("line_items") else None)
    if mode is None:
        raise refs.invalid(
            "You must provide one of `mode` payment, setup or subscription.", "mode", "parameter_missing"
        )
    hosted = params.get("ui_mode", "hosted_page") == "hosted_page"
    if hosted and not params.get("success_url"):
        raise refs.invalid("Missing required param: success_url.", "success_url", "parameter_missing")
    if mode != "setup" and not params.get("line_items"):
        raise refs.invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    if mode == "setup" and not (params.get("currency") or params.get("payment_method_types")):
        raise refs.invalid("Missing required param: currency.", "currency", "parameter_missing")
    return make(call, params, mode, hosted)


def make(call: Call, params: dict[str, Any], mode: str, hosted: bool, link: str | None = None) -> dict[str, Any]:
    """A stored open session with its line items, sums and discount."""
    customer = refs.customer(call, params.get("customer"))
    id = f"cs_{'live' if call.livemode else 'test'}_a1{random_text(call.world.dice, 58)}"
    items = line_items.add(call, ("checkout.session", id), params.get("line_items") or [], mode)
    _check_kinds(call, items, mode)
    code = line_items.common_currency(items) or (money.currency(params["currency"]) if "currency" in params else None)
    off, shown = _discounts(call, params, items)
    subtotal = sum(item["amount_subtotal"] for item in items)
    session = generic.build(
        call,
        "checkout.session",
        **_given(params),
        id=id,
        object="checkout.session",
        amount_subtotal=subtotal if mode != "setup" else None,
        amount_total=subtotal - off if mode != "setup" else None,
        automatic_tax={"enabled": bool((params.get("automatic_tax") or {}).get("enabled")), "status": None},
        client_secret=None if hosted else f"{id}_secret_{random_text(call.world.dice, 32)}",
        created=call.now,
        currency=code,
        customer=customer["id"] if customer else None,
        customer_creation=params.get("customer_creation") or ("if_required" if mode == "payment" else "always"),
        custom_fields=[],
        custom_text=dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        discounts=shown,
        expires_at=_expiry(call, params),
        livemode=call.livemode,
        metadata=dict(params.get("metadata") or {}),
        mode=mode,
        payment_link=link,
        payment_method_types=list(params.get("payment_method_types") or ["card"]),
        payment_status="unpaid" if mode == "payment" or (subtotal - off) else "no_payment_required",
        shipping_options=[],
        status="open",
        total_details={"amount_discount": off, "amount_shipping": 0, "amount_tax": 0},
        ui_mode=params.get("ui_mode") or "hosted_page",
        url=f"https://checkout.stripe.com/c/pay/{id}" if hosted else None,
    )
    if customer:
        session["customer_creation"] = None
    session |= {
        f"_{key}": params.get(key) or {} for key in ("payment_intent_data", "subscription_data", "setup_intent_data")
    }
    call.objects.insert(session)
    if mode == "setup":
        data = params.get("setup_intent_data") or {}
        values = {key: data[key] for key in ("description", "metadata") if key in data}
        setup = setup_intents.new(call, customer=session["customer"], **values)
        session["setup_intent"] = setup["id"]
    later.plan(call, session["expires_at"] - call.now, "expire_session", id)
    return session


def _given(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters an answer repeats as they came."""
    names = (
        "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id", "customer_email",
        "locale", "payment_method_collection", "submit_type", "success_url", "return_url", "phone_number_collection",
        "tax_id_collection", "integration_identifier", "origin_context", "redirect_on_completion",
    )  # fmt: skip
    return {name: params[name] for name in names if params.get(name) not in (None, "")}


def _expiry(call: Call, params: dict[str, Any]) -> int:
    at = params.get("expires_at")
    if at is None:
        return call.now + DAY
    if not call.now + 1800 <= at <= call.now + DAY:
        text = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
        raise refs.invalid(text, "expires_at")
    return at


def _check_kinds(call: Call, items: list[dict[str, Any]], mode: str) -> None:
    recurring = any(call.objects.get("price", item["price"])["type"] == "recurring" for item in items)
    if mode == "subscription" and not recurring:
        text = "You must provide at least one recurring price in `subscription` mode when using prices."
        raise refs.invalid(text, "line_items")


def _discounts(call: Call, params: dict[str, Any], items: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    """(the sum taken off, the rows the session shows)"""
    given = params.get("discounts") or []
    if given and params.get("allow_promotion_codes"):
        text = "You may only specify one of these parameters: allow_promotion_codes, discounts."
        raise refs.invalid(text, "allow_promotion_codes")
    if len(given) > 1:
        raise refs.invalid("You can apply at most one discount to a session.", "discounts")
    if not given:
        return 0, []
    coupon = line_items.coupon_of(call, given[0], "discounts[0]")
    off = line_items.discount(call, items, coupon)
    code = given[0].get("promotion_code")
    return off, [{"coupon": None if code else coupon["id"], "promotion_code": code}]


@behaviour("PostCheckoutSessionsSession")
def update(call: Call) -> dict[str, Any]:
    session = call.objects.get("checkout.session", call.path["session"])
    generic.apply(session, {key: call.params[key] for key in ("metadata",) if key in call.params})
    call.objects.touch(session)
    return session


@behaviour("GetCheckoutSessionsSessionLineItems")
def list_items(call: Call) -> pages.Page:
    session = call.objects.get("checkout.session", call.path["session"])
    return lists.in_order(call, "item", call.objects.children("checkout.session", session["id"], "item"))


@behaviour("PostCheckoutSessionsSessionExpire")
def expire(call: Call) -> dict[str, Any]:
    session = call.objects.get("checkout.session", call.path["session"])
    if session["status"] != "open":
        text = 'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
        raise refs.invalid(text + f"{session['status']}.", "session")
    return _expire(call, session)


@later.action("expire_session")
def expire_in_time(call: Call, id: str) -> None:
    """Nobody paid before the session's end."""
    session = call.objects.maybe("checkout.session", id)
    if session and session["status"] == "open":
        _expire(call, session)


def _expire(call: Call, session: dict[str, Any]) -> dict[str, Any]:
    session |= {"status": "expired", "url": None}
    call.objects.touch(session)
    call.emit("checkout.session.expired", session)
    return session


@behaviour("GetCheckoutSessions")
def list_all(call: Call) -> pages.Page:
    names = ("customer", "payment_intent", "payment_link", "status", "subscription")
    equal = {key: call.params[key] for key in names if call.params.get(key)}
    email = (call.params.get("customer_details") or {}).get("email")
    if email:
        return lists.page(call, "checkout.session", lambda one: (one["customer_details"] or {}).get("email") == email)
    return lists.page(call, "checkout.session", **equal)
