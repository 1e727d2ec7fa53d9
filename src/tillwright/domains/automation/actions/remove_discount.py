"""Take the discounts off a subscription, a draft invoice, or all a customer subscribes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import one_of
from tillwright.domains.automation.requests import Request, StripeRead, StripeWrite, Sweep


def _build(given: Mapping[str, Any]) -> Request:
    params = {"discounts": ""}
    if "customer" in given:
        running = StripeRead("/v1/subscriptions", {"customer": given["customer"]})
        return Sweep(running, StripeWrite("POST", "/v1/subscriptions/{id}", params))
    if "invoice" in given:
        return StripeWrite("POST", f"/v1/invoices/{given['invoice']}", params)
    return StripeWrite("POST", f"/v1/subscriptions/{given['subscription']}", params)


ACTION = Action(
    name="remove_discount",
    area="Coupons",
    summary="Take all discounts off; the coupon itself stays.",
    inputs={
        "subscription": Input("id", "The subscription's id."),
        "invoice": Input("id", "Or a draft invoice's id."),
        "customer": Input("id", "Or a customer's id: every running subscription of theirs."),
    },
    build=_build,
    cross=one_of("subscription", "invoice", "customer"),
)
