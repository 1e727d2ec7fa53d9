"""Make a promotion code: the word a customer types to get a coupon's discount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import StripeWrite

_RESTRICTIONS = ("first_time_transaction", "minimum_amount", "minimum_amount_currency")


def _build(given: Mapping[str, Any]) -> StripeWrite:
    params = dict(given)
    # Since API version 2025-09-30 a code names its coupon under `promotion`.
    params["promotion"] = {"type": "coupon", "coupon": params.pop("coupon")}
    if restrictions := {name: params.pop(name) for name in _RESTRICTIONS if name in params}:
        params["restrictions"] = restrictions
    return StripeWrite("POST", "/v1/promotion_codes", params)


ACTION = Action(
    name="create_promotion_code",
    area="Coupons",
    summary="Make a promotion code for a coupon, for everybody or for one customer.",
    inputs={
        "coupon": Input("id", "The coupon's id, such as ${steps.coupon.id}.", required=True),
        "customer": Input("id", "The only customer who can use it; everybody if left out."),
        "code": Input("text", "The word to type; Stripe makes one up if left out.", longest=500),
        "max_redemptions": Input("integer", "How often it can be redeemed in all.", low=1, high=2_147_483_647),
        "expires_at": Input("time", "Until when it holds."),
        "first_time_transaction": Input("boolean", "Only for customers who never paid before."),
        "minimum_amount": Input("integer", "The least they must pay, in minor units.", low=1),
        "minimum_amount_currency": Input("currency", "The currency of `minimum_amount`."),
        "metadata": Input("labels", "Labels of your own on the code."),
    },
    build=_build,
)
