"""A page at Stripe where a customer pays once or subscribes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import like
from tillwright.domains.automation.requests import StripeWrite
from tillwright.kit.errors import Problem


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    problems: list[Problem] = []
    if (given.get("price") is None) == (given.get("line_items") is None):
        problems.append(Problem("input_invalid", "Give either a `price` or `line_items`.", "price"))
    if sum(given.get(name) is not None for name in ("coupon", "promotion_code")) > 1:
        problems.append(Problem("input_invalid", "Give a `coupon` or a `promotion_code`, not both.", "coupon"))
    if given.get("customer") is not None and given.get("customer_email") is not None:
        problems.append(Problem("input_invalid", "A `customer` has an address already.", "customer_email"))
    return problems


def _build(given: Mapping[str, Any]) -> StripeWrite:
    params = dict(given)
    if "price" in params:
        params["line_items"] = [{"price": params.pop("price"), "quantity": params.pop("quantity")}]
    params.pop("quantity", None)
    discount = {name: params.pop(name) for name in ("coupon", "promotion_code") if name in params}
    if discount:
        params["discounts"] = [discount]
    return StripeWrite("POST", "/v1/checkout/sessions", params)


ACTION = Action(
    name="create_checkout_session",
    area="Checkout",
    summary="Make a page where a customer pays or subscribes; its address is ${steps.<id>.url}.",
    inputs={
        "mode": Input("text", "Pay once, or subscribe.", choices=("payment", "subscription"), default="payment"),
        "price": Input("id", "What is bought."),
        "quantity": Input("integer", "How many of it.", low=1, high=999_999, default=1),
        "line_items": like("checkout.sessions.create", "line_items", "Or several things: a list of {price, quantity}."),
        "success_url": Input("url", "Where they go when they have paid.", required=True),
        "cancel_url": Input("url", "Where they go when they turn back."),
        "customer": Input("id", "Who pays, if known."),
        "customer_email": Input("email", "Or their address.", longest=512),
        "coupon": Input("id", "A discount they get."),
        "promotion_code": Input("id", "Or the promotion code's id (promo_…)."),
        "client_reference_id": Input("text", "Your own id for it.", longest=200),
        "expires_at": Input("time", "Until when it can be paid: half an hour to a day from now."),
        "metadata": Input("labels", "Labels of your own."),
    },
    build=_build,
    cross=_cross,
)
