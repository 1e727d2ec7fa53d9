"""A link that anybody can pay by, as often as it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import like
from tillwright.domains.automation.requests import StripeWrite
from tillwright.kit.errors import Problem


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    if (given.get("price") is None) != (given.get("line_items") is None):
        return ()
    return [Problem("input_invalid", "Give either a `price` or `line_items`.", "price")]


def _build(given: Mapping[str, Any]) -> StripeWrite:
    params = dict(given)
    if "price" in params:
        params["line_items"] = [{"price": params.pop("price"), "quantity": params["quantity"]}]
    params.pop("quantity")
    if "after_url" in params:
        params["after_completion"] = {"type": "redirect", "redirect": {"url": params.pop("after_url")}}
    if "most" in params:
        params["restrictions"] = {"completed_sessions": {"limit": params.pop("most")}}
    return StripeWrite("POST", "/v1/payment_links", params)


ACTION = Action(
    name="create_payment_link",
    area="Payment links",
    summary="Make a payment link; its address is ${steps.<id>.url}.",
    inputs={
        "price": Input("id", "What is bought."),
        "quantity": Input("integer", "How many of it.", low=1, high=999_999, default=1),
        "line_items": like("payment_links.create", "line_items", "Or several things: a list of {price, quantity}."),
        "after_url": Input("url", "Where they go when they have paid; Stripe's own page if left out."),
        "most": Input("integer", "How often it can be paid.", low=1),
        "allow_promotion_codes": Input("boolean", "Whether they can type a promotion code."),
        "metadata": Input("labels", "Labels of your own."),
    },
    build=_build,
    cross=_cross,
)
