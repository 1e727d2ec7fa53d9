"""Coupons: what is taken off, for how long, how often; their terms never change after creation."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, money
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


@behaviour("PostCoupons")
def create(call: Call) -> dict[str, Any]:
    """Exactly one of percent_off and amount_off (minor units, with a currency)."""
    params = call.params
    params.setdefault("duration", "once")
    _check_value(params)
    _check_duration(params)
    if params.get("max_redemptions") is not None and params["max_redemptions"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "max_redemptions", "parameter_invalid_integer")
    if params.get("redeem_by") is not None and params["redeem_by"] <= call.now:
        raise invalid("`redeem_by` must be in the future.", "redeem_by")
    for product in (params.get("applies_to") or {}).get("products", []):
        call.objects.get("product", product)
    _name_it(call, params)
    coupon = generic.create(call)
    coupon["valid"] = True
    call.objects.touch(coupon)
    call.emit("coupon.created", coupon)
    return coupon


def _name_it(call: Call, params: dict[str, Any]) -> None:
    if params.get("id"):
        if call.objects.maybe("coupon", params["id"]):
            raise invalid("Coupon already exists.", "id", "resource_already_exists")
    else:
        params["id"] = "".join(call.world.dice.choice(_LETTERS) for _ in range(8))


def _check_value(params: dict[str, Any]) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if percent is None and amount is None:
        raise invalid("You must pass either `percent_off` or `amount_off`.", "percent_off", "parameter_missing")
    if percent is not None and amount is not None:
        raise invalid("You may only specify one of these parameters: amount_off, percent_off.", "amount_off")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", "percent_off")
    if amount is None:
        if params.get("currency_options"):
            raise invalid("You may only specify `currency_options` with `amount_off`.", "currency_options")
        return
    if amount < 1:
        raise invalid("Invalid positive integer", "amount_off", "parameter_invalid_integer")
    if not params.get("currency"):
        raise invalid("You must pass currency when passing amount_off", "currency", "parameter_missing")
    params["currency"] = money.currency(params["currency"])


def _check_duration(params: dict[str, Any]) -> None:
    months = params.get("duration_in_months")
    if params["duration"] == "repeating":
        if months is None:
            raise invalid(
                "You must pass duration_in_months when passing duration=repeating",
                "duration_in_months",
                "parameter_missing",
            )
        if months < 1:
            raise invalid("Invalid positive integer", "duration_in_months", "parameter_invalid_integer")
    elif months is not None:
        raise invalid("You may only pass duration_in_months when passing duration=repeating", "duration_in_months")


@behaviour("PostCouponsCoupon")
def update(call: Call) -> dict[str, Any]:
    """Name, metadata and further currencies; everything else is fixed (an unknown parameter to Stripe)."""
    coupon = call.objects.get("coupon", call.path["coupon"])
    with updating(call, coupon, "coupon.updated"):
        generic.apply(coupon, call.params)
    return coupon


@behaviour("DeleteCouponsCoupon")
def delete(call: Call) -> dict[str, Any]:
    """The coupon goes; discounts already given from it stay, and keep their terms."""
    coupon = call.objects.get("coupon", call.path["coupon"])
    _keep_terms(call, coupon)
    stub = call.objects.delete("coupon", coupon["id"])
    call.emit("coupon.deleted", coupon)
    return stub


def _keep_terms(call: Call, coupon: dict[str, Any]) -> None:
    """Discounts name their coupon by id: what they need of it outlives it as a record of its own."""
    call.objects.insert({**coupon, "object": "_coupon_terms"})


def terms(call: Call, id: str) -> dict[str, Any]:
    """The coupon as discounts see it, even after it was deleted."""
    return call.objects.maybe("coupon", id) or call.objects.get("_coupon_terms", id)


def check_redeemable(call: Call, coupon: dict[str, Any], param: str) -> None:
    """Refuse a coupon that ran out or expired, with Stripe's code `coupon_expired`."""
    refresh(call, coupon)
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {coupon['id']}", param, "coupon_expired")


def redeem(call: Call, coupon: dict[str, Any]) -> None:
    """Count one redemption; the coupon turns invalid when it was the last."""
    with updating(call, coupon, "coupon.updated"):
        coupon["times_redeemed"] += 1
        coupon["valid"] = is_valid(coupon, call.now)


def is_valid(coupon: dict[str, Any], now: int) -> bool:
    """Whether it can still be applied: not past redeem_by, not redeemed max_redemptions times."""
    if coupon["redeem_by"] is not None and coupon["redeem_by"] <= now:
        return False
    return coupon["max_redemptions"] is None or coupon["times_redeemed"] < coupon["max_redemptions"]


def refresh(call: Call, coupon: dict[str, Any]) -> dict[str, Any]:
    """Let `valid` tell the truth of this moment."""
    if coupon["valid"] != is_valid(coupon, call.now):
        coupon["valid"] = is_valid(coupon, call.now)
        call.objects.touch(coupon)
    return coupon


@behaviour("GetCouponsCoupon")
def retrieve(call: Call) -> dict[str, Any]:
    return refresh(call, call.objects.get("coupon", call.path["coupon"]))
