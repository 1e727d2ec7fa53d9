"""Make thousands of promotion codes at once, each word unique: for a campaign on paper or by mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import PromotionCodes
from tillwright.kit.errors import Problem

_PREFIX = re.compile(r"[A-Za-z0-9_-]{0,40}")


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    prefix = given.get("prefix")
    if not isinstance(prefix, str) or "${" in prefix or _PREFIX.fullmatch(prefix):
        return ()
    return [Problem("input_invalid", "`prefix` has letters, digits, - and _ only, at most 40.", "prefix")]


def _build(given: Mapping[str, Any]) -> PromotionCodes:
    params: dict[str, Any] = {"promotion": {"type": "coupon", "coupon": given["coupon"]}}
    params |= {name: given[name] for name in ("max_redemptions", "expires_at", "metadata") if name in given}
    restrictions = {"first_time_transaction", "minimum_amount", "minimum_amount_currency"} & given.keys()
    if restrictions:
        params["restrictions"] = {name: given[name] for name in sorted(restrictions)}
    return PromotionCodes(given["count"], given.get("prefix", ""), given["length"], params)


ACTION = Action(
    name="create_promotion_codes",
    area="Coupons",
    summary=(
        "Make many promotion codes of one coupon in one step, up to 10,000. After a crash it goes on where it was, and "
        "no word comes twice. The answer lists them under `codes`."
    ),
    inputs={
        "coupon": Input("id", "The coupon's id, such as ${steps.coupon.id}.", required=True),
        "count": Input("integer", "How many.", required=True, low=1, high=10_000),
        "prefix": Input("text", "What every word begins with, such as SPRING-.", longest=40),
        "length": Input("integer", "How many letters and digits follow.", low=8, high=24, default=10),
        "max_redemptions": Input("integer", "How often each can be redeemed.", low=1, high=2_147_483_647, default=1),
        "expires_at": Input("time", "Until when they hold."),
        "first_time_transaction": Input("boolean", "Only for customers who never paid before."),
        "minimum_amount": Input("integer", "The least they must pay, in minor units.", low=1),
        "minimum_amount_currency": Input("currency", "The currency of `minimum_amount`."),
        "metadata": Input("labels", "Labels of your own on each code."),
    },
    build=_build,
    cross=_cross,
)
