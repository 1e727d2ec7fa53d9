"""Stripe's objects in the words of the console: pure functions of an object's body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.billing.discounts import Given
from tillwright.domains.billing.views import received as received
from tillwright.doors.console.formats import NOTHING, count, day, moment, money, plural

Body = Mapping[str, Any]


def id_of(value: Any) -> str:
    """An expandable field's id, whether it came as an id or as the object."""
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return value if isinstance(value, str) else ""


def customer_name(body: Body) -> str:
    """The best there is to call a customer by."""
    return str(body.get("name") or body.get("email") or body.get("description") or body.get("id") or NOTHING)


def address(body: Body) -> str:
    """City and country on one line."""
    at = body.get("address") or {}
    return ", ".join(str(at[part]) for part in ("city", "state", "country") if at.get(part)) or NOTHING


def coupon_off(body: Body) -> str:
    """`20 % off` or `5.00 EUR off`."""
    percent = body.get("percent_off")
    if percent is not None:
        return f"{percent:g} % off"
    return f"{money(body.get('amount_off'), body.get('currency'))} off"


def coupon_duration(body: Body) -> str:
    """How long the discount lasts once it is applied."""
    duration = body.get("duration")
    if duration == "repeating":
        return f"for {plural(body.get('duration_in_months') or 0, 'month')}"
    return {"once": "once", "forever": "for ever"}.get(str(duration), str(duration or NOTHING))


def redeemed(body: Body) -> str:
    """`3 of 100`, or `3` where there is no limit."""
    used, most = body.get("times_redeemed") or 0, body.get("max_redemptions")
    return f"{count(used)} of {count(most)}" if most else count(used)


def coupon_state(body: Body, now: float) -> str:
    """`active`, `expired` or `used up`, from what Stripe says of it."""
    if body.get("redeem_by") and body["redeem_by"] <= now:
        return "expired"
    most = body.get("max_redemptions")
    if most and (body.get("times_redeemed") or 0) >= most:
        return "used up"
    return "active" if body.get("valid", True) else "expired"


def code_state(body: Body, now: float) -> str:
    """A promotion code's state; one that ran out is inactive at Stripe."""
    if body.get("expires_at") and body["expires_at"] <= now:
        return "expired"
    return "active" if body.get("active") else "inactive"


def coupon_of_code(body: Body) -> str:
    """The coupon's id: on `promotion.coupon` in newer API versions, on `coupon` in older ones."""
    return id_of((body.get("promotion") or {}).get("coupon")) or id_of(body.get("coupon"))


def code_limits(body: Body) -> str:
    """Who may use a promotion code, and on what."""
    rules = body.get("restrictions") or {}
    said = []
    if rules.get("first_time_transaction"):
        said.append("first purchase only")
    if rules.get("minimum_amount"):
        said.append(f"from {money(rules['minimum_amount'], rules.get('minimum_amount_currency'))}")
    expires = moment(body.get("expires_at"))
    if expires:
        said.append(f"until {day(expires)}")
    return ", ".join(said) or NOTHING


def subscription_title(body: Body) -> str:
    """`2 × 19.00 EUR every month`, from the first item."""
    items = (body.get("items") or {}).get("data") or []
    if not items:
        return NOTHING
    price, quantity = items[0].get("price") or {}, items[0].get("quantity") or 1
    amount = money(price.get("unit_amount"), price.get("currency"))
    every = price.get("recurring") or {}
    number, unit = every.get("interval_count") or 1, every.get("interval") or ""
    rhythm = f" every {unit}" if unit and number == 1 else f" every {plural(number, unit)}" if unit else ""
    more = f", and {plural(len(items) - 1, 'more item')}" if len(items) > 1 else ""
    return f"{f'{quantity} × ' if quantity > 1 else ''}{amount}{rhythm}{more}"


def payment_state(body: Body) -> tuple[str, str | None]:
    """A payment's state, and a better word for it where Stripe's own misleads a reader.

    `requires_payment_method` is where a payment intent begins as well as where it returns to after a failure; a charge
    says `succeeded` when the bank agreed, before anything is captured.
    """
    status = str(body.get("status") or "")
    if body.get("object") == "charge":
        if status == "succeeded" and not body.get("captured", True):
            return ("canceled", None) if body.get("refunded") else ("requires_capture", "Authorised")
        return ("processing", None) if status == "pending" else (status, None)
    if status == "requires_payment_method":
        return ("failed", None) if body.get("last_payment_error") else ("incomplete", None)
    if status == "requires_action":
        return status, "Waits for the customer"
    if status == "requires_capture":
        return status, "Authorised"
    return status, None


def invoice_state(body: Body, now: float) -> tuple[str, str | None]:
    """An invoice's state: an open one may be overdue, or have failed to be paid."""
    status = str(body.get("status") or "")
    if status == "open" and body.get("due_date") and body["due_date"] <= now:
        return "past_due", "Overdue"
    if status == "open" and body.get("attempted"):
        return "failed", "Payment failed"
    return status, None


def payment_part(body: Body) -> str:
    """`of 20.00 EUR` where less than that was captured."""
    got, asked = received(body), body.get("amount") or 0
    return f"of {money(asked, body.get('currency'))}" if got != asked else ""


def discount_of(body: Body) -> str:
    """What a discount hangs on."""
    for name in ("subscription", "invoice", "invoice_item", "checkout_session"):
        if body.get(name):
            return f"{name.replace('_', ' ').capitalize()} {id_of(body[name])}"
    return "The customer"


def given_to(given: Given) -> str:
    """What a customer's discount hangs on: `The customer`, `Subscription sub_1`."""
    return "The customer" if given.on == "customer" else f"{given.on.capitalize()} {given.on_id}"


def discount_state(body: Body, now: float) -> str:
    """`ended` or `active`; nothing but an id says neither."""
    if not body:
        return "unknown"
    return "ended" if body.get("deleted") or (body.get("end") and body["end"] <= now) else "active"


def discount_coupon(body: Body) -> str:
    """The coupon a discount came from, in older API versions and newer ones."""
    return id_of((body.get("source") or {}).get("coupon")) or id_of(body.get("coupon"))


def web(url: Any) -> bool:
    """Whether it is an address that a link may lead to."""
    return isinstance(url, str) and url.startswith("https://")


def failure(body: Body) -> str:
    """Why a payment failed, in Stripe's words, or nothing."""
    error = body.get("last_payment_error") or {}
    return str(error.get("message") or body.get("failure_message") or "")


def method(body: Body) -> str:
    """`Visa •••• 4242` of a charge, or the kind of payment method."""
    details = body.get("payment_method_details") or {}
    kind = str(details.get("type") or "")
    card = details.get("card") or {}
    if card.get("last4"):
        return f"{str(card.get('brand') or 'card').title()} •••• {card['last4']}"
    return kind.replace("_", " ") or NOTHING
