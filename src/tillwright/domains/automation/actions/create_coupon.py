"""Make a coupon: what a discount is worth, and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import StripeWrite
from tillwright.kit.errors import Problem


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    problems: list[Problem] = []
    percent, amount = given.get("percent_off"), given.get("amount_off")
    if (percent is None) == (amount is None):
        problems.append(
            Problem(
                "input_invalid",
                "A coupon takes off either a percentage or an amount.",
                "percent_off",
                "Give exactly one of `percent_off` and `amount_off`.",
            )
        )
    if amount is not None and given.get("currency") is None:
        problems.append(Problem("input_missing", "`amount_off` needs a `currency`.", "currency", "Such as eur."))
    repeating = given.get("duration") == "repeating"
    if repeating != (given.get("duration_in_months") is not None):
        problems.append(
            Problem(
                "input_invalid",
                "`duration_in_months` goes with `duration: repeating`, and only with it.",
                "duration_in_months",
            )
        )
    return problems


def _build(given: Mapping[str, Any]) -> StripeWrite:
    params = dict(given)
    if "products" in params:
        params["applies_to"] = {"products": params.pop("products")}
    return StripeWrite("POST", "/v1/coupons", params)


ACTION = Action(
    name="create_coupon",
    area="Coupons",
    summary="Make a coupon.",
    inputs={
        "percent_off": Input("number", "How much it takes off, in percent.", low=0.01, high=100),
        "amount_off": Input("integer", "How much it takes off, in the currency's minor units.", low=1, high=99_999_999),
        "currency": Input("currency", "The currency of `amount_off`, such as eur."),
        "duration": Input("text", "How long it holds.", choices=("once", "repeating", "forever"), default="once"),
        "duration_in_months": Input("integer", "For how many months, if it repeats.", low=1, high=240),
        "name": Input("text", "What customers see on their invoice.", longest=40),
        "max_redemptions": Input("integer", "How often it can be redeemed in all.", low=1, high=2_147_483_647),
        "redeem_by": Input("time", "Until when it can be redeemed."),
        "products": Input("texts", "The ids of the products it holds for; everything if left out."),
        "metadata": Input("labels", "Labels of your own on the coupon."),
    },
    build=_build,
    cross=_cross,
)
