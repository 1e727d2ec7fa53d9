"""Put a coupon's or a promotion code's discount on a subscription, an invoice, or all a customer subscribes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import one_of
from tillwright.domains.automation.requests import Request, StripeRead, StripeWrite, Sweep
from tillwright.kit.errors import Problem

_WHAT = one_of("coupon", "promotion_code")
_WHERE = one_of("subscription", "invoice", "customer")


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    return [*_WHERE(given), *_WHAT(given)]


def _build(given: Mapping[str, Any]) -> Request:
    params = {"discounts": [{name: given[name] for name in ("coupon", "promotion_code") if name in given}]}
    if "customer" in given:
        running = StripeRead("/v1/subscriptions", {"customer": given["customer"]})
        return Sweep(running, StripeWrite("POST", "/v1/subscriptions/{id}", params))
    if "invoice" in given:
        return StripeWrite("POST", f"/v1/invoices/{given['invoice']}", params)
    return StripeWrite("POST", f"/v1/subscriptions/{given['subscription']}", params)


ACTION = Action(
    name="apply_coupon",
    area="Coupons",
    summary="Give a discount; it replaces the discounts that are there. A draft invoice takes one, a final one not.",
    inputs={
        "subscription": Input("id", "The subscription's id."),
        "invoice": Input("id", "Or a draft invoice's id."),
        "customer": Input("id", "Or a customer's id: every running subscription of theirs."),
        "coupon": Input("id", "The coupon's id."),
        "promotion_code": Input("id", "The promotion code's id (promo_…), not its word."),
    },
    build=_build,
    cross=_cross,
)
