"""A coupon's promotion codes with how often each was redeemed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Selection

_FIELDS = ("code", "active", "times_redeemed", "max_redemptions", "customer", "expires_at", "created")


def _build(given: Mapping[str, Any]) -> Selection:
    where: dict[str, Any] = {"promotion.coupon": given["coupon"]}
    if "active" in given:
        where["active"] = given["active"]
    if given.get("redeemed"):
        where["times_redeemed"] = {"gte": 1}
    return Selection("objects", "promotion_code", where, _FIELDS, given["limit"])


ACTION = Action(
    name="list_promotion_codes",
    area="Coupons",
    summary="List a coupon's promotion codes with their redemptions, from the mirror: {count, items, more}.",
    inputs={
        "coupon": Input("id", "The coupon's id.", required=True),
        "active": Input("boolean", "Only those that can, or can't, be used."),
        "redeemed": Input("boolean", "Only those that were used.", default=False),
        "limit": Input("integer", "At most so many.", low=1, high=10_000, default=10_000),
    },
    build=_build,
)
