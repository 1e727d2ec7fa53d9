"""End a coupon's life: no code of it works any more, and nobody can be given it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import StripeRead, StripeWrite, Sweep


def _build(given: Mapping[str, Any]) -> Sweep:
    codes = StripeRead("/v1/promotion_codes", {"coupon": given["coupon"], "active": True})
    stop = StripeWrite("POST", "/v1/promotion_codes/{id}", {"active": False})
    gone = StripeWrite("DELETE", f"/v1/coupons/{given['coupon']}", {})
    return Sweep(codes, stop, gone if given["delete"] else None)


ACTION = Action(
    name="expire_coupon",
    area="Coupons",
    summary="Deactivate every promotion code of a coupon, then delete the coupon; discounts already given stay.",
    inputs={
        "coupon": Input("id", "The coupon's id.", required=True),
        "delete": Input("boolean", "Whether to delete the coupon as well.", default=True),
    },
    build=_build,
)
