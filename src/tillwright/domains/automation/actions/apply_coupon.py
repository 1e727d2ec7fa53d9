"""Put a coupon's or a promotion code's discount on a running subscription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import StripeWrite
from tillwright.kit.errors import Problem


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    if (given.get("coupon") is None) != (given.get("promotion_code") is None):
        return ()
    return [Problem("input_invalid", "Give either a `coupon` or a `promotion_code`.", "coupon")]


def _build(given: Mapping[str, Any]) -> StripeWrite:
    discount = {name: given[name] for name in ("coupon", "promotion_code") if name in given}
    return StripeWrite("POST", f"/v1/subscriptions/{given['subscription']}", {"discounts": [discount]})


ACTION = Action(
    name="apply_coupon",
    area="Coupons",
    summary="Give a subscription a discount; it replaces the discounts the subscription has.",
    inputs={
        "subscription": Input("id", "The subscription's id.", required=True),
        "coupon": Input("id", "The coupon's id."),
        "promotion_code": Input("id", "The promotion code's id (promo_…), not its word."),
    },
    build=_build,
    cross=_cross,
)
