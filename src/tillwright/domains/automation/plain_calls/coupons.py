"""Coupons and promotion codes, where one call does it."""

from __future__ import annotations

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import LABELS, an, call

_AREA = "Coupons"
_COUPON = an("coupon")
_CODE = Input("id", "The promotion code's id (promo_…), not its word.", required=True)

ROWS = (
    call("get_coupon", "Read a coupon as it is now, with how often it was redeemed.", "coupons.get",
         {"coupon": _COUPON}, area=_AREA),
    call("update_coupon", "Change a coupon's name and labels; its terms never change.", "coupons.update",
         {"coupon": _COUPON, "name": Input("text", "What customers see on their invoice.", longest=40),
          "metadata": LABELS}, area=_AREA),
    call("delete_coupon", "Delete a coupon; discounts already given stay.", "coupons.delete", {"coupon": _COUPON},
         area=_AREA),
    call("get_promotion_code", "Read a promotion code as it is now.", "promotion_codes.get",
         {"promotion_code": _CODE}, area=_AREA),
    call("update_promotion_code", "Change a promotion code's labels.", "promotion_codes.update",
         {"promotion_code": _CODE, "metadata": LABELS}, area=_AREA),
    call("activate_promotion_code", "Let a promotion code be used again.", "promotion_codes.update",
         {"promotion_code": _CODE}, fixed={"active": True}, area=_AREA),
    call("deactivate_promotion_code", "Stop a promotion code from being used again.", "promotion_codes.update",
         {"promotion_code": _CODE}, fixed={"active": False}, area=_AREA),
)  # fmt: skip
