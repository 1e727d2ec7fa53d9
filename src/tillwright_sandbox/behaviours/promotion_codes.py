"""Promotion codes: what a customer types to be given a coupon; a name that is unique among the active ones."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, coupons
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@behaviour("PostPromotionCodes")
def create(call: Call) -> dict[str, Any]:
    """A code for `promotion.coupon`, given or generated, for everyone or bound to one customer."""
    params = call.params
    coupon_id = params["promotion"].get("coupon")
    if not coupon_id:
        raise invalid("Missing required param: promotion[coupon].", "promotion[coupon]", "parameter_missing")
    coupon = call.objects.get("coupon", coupon_id, param="promotion[coupon]")
    coupons.check_redeemable(call, coupon, "promotion[coupon]")
    if params.get("customer"):
        call.objects.get("customer", params["customer"], param="customer")
    _check_limits(call, params, coupon)
    _check_restrictions(params.get("restrictions") or {})
    if params.get("code"):
        if not all(letter.isalnum() or letter in "-_" for letter in params["code"]):
            raise invalid("Promotion codes may only contain letters, digits, dashes and underscores.", "code")
    else:
        params["code"] = "".join(call.world.dice.choice(_LETTERS) for _ in range(8))
    active = params.get("active", True)
    if active:
        _refuse_twin(call, params["code"])
    promotion_code = generic.create(call)
    promotion_code["promotion"] = {"type": "coupon", "coupon": coupon_id}
    promotion_code["active"] = active
    call.objects.touch(promotion_code)
    call.emit("promotion_code.created", promotion_code)
    return promotion_code


def _check_limits(call: Call, params: dict[str, Any], coupon: dict[str, Any]) -> None:
    most, expires = params.get("max_redemptions"), params.get("expires_at")
    if most is not None and most < 1:
        raise invalid("This value must be greater than or equal to 1.", "max_redemptions", "parameter_invalid_integer")
    if most is not None and coupon["max_redemptions"] is not None and most > coupon["max_redemptions"]:
        raise invalid(
            "The promotion code's max_redemptions cannot be greater than the max_redemptions of its coupon.",
            "max_redemptions",
        )
    if expires is not None and expires <= call.now:
        raise invalid("`expires_at` must be in the future.", "expires_at")
    if expires is not None and coupon["redeem_by"] is not None and expires > coupon["redeem_by"]:
        raise invalid("`expires_at` cannot be after the coupon's `redeem_by`.", "expires_at")


def _check_restrictions(restrictions: dict[str, Any]) -> None:
    if restrictions.get("minimum_amount") is not None and not restrictions.get("minimum_amount_currency"):
        raise invalid(
            "You must pass `minimum_amount_currency` when passing `minimum_amount`.",
            "restrictions[minimum_amount_currency]",
            "parameter_missing",
        )


def _refuse_twin(call: Call, code: str) -> None:
    """Only among active codes, whatever their case, must a code be unique."""
    if any(other["code"].lower() == code.lower() and is_usable(call, other) for other in _active(call)):
        text = f"An active promotion code with `code: {code}` already exists."
        raise invalid(text, "code", "resource_already_exists")


def _active(call: Call) -> list[dict[str, Any]]:
    return call.objects.find("promotion_code", active=True)


@behaviour("PostPromotionCodesPromotionCode")
def update(call: Call) -> dict[str, Any]:
    """Switch it on or off, change metadata; an expired or exhausted code stays off."""
    promotion_code = call.objects.get("promotion_code", call.path["promotion_code"])
    if call.params.get("active") and not promotion_code["active"]:
        if not _has_life(call, promotion_code):
            raise invalid("This promotion code is expired or exhausted and can't be activated.", "active")
        _refuse_twin(call, promotion_code["code"])
    with updating(call, promotion_code, "promotion_code.updated"):
        generic.apply(promotion_code, call.params)
    return promotion_code


@behaviour("GetPromotionCodesPromotionCode")
def retrieve(call: Call) -> dict[str, Any]:
    return refresh(call, call.objects.get("promotion_code", call.path["promotion_code"]))


def refresh(call: Call, promotion_code: dict[str, Any]) -> dict[str, Any]:
    """Turn a code inactive that time or its coupon has ended."""
    if promotion_code["active"] and not _has_life(call, promotion_code):
        with updating(call, promotion_code, "promotion_code.updated"):
            promotion_code["active"] = False
    return promotion_code


def is_usable(call: Call, promotion_code: dict[str, Any]) -> bool:
    return promotion_code["active"] and _has_life(call, promotion_code)


def _has_life(call: Call, promotion_code: dict[str, Any]) -> bool:
    if promotion_code["expires_at"] is not None and promotion_code["expires_at"] <= call.now:
        return False
    most = promotion_code["max_redemptions"]
    if most is not None and promotion_code["times_redeemed"] >= most:
        return False
    coupon = call.objects.maybe("coupon", promotion_code["promotion"]["coupon"])
    return coupon is not None and coupons.is_valid(coupon, call.now)


def check_redeemable(call: Call, promotion_code: dict[str, Any], customer: str | None, param: str) -> None:
    """Refuse a code that is off, ended, or bound to another customer."""
    if not is_usable(call, promotion_code):
        raise invalid("This promotion code is inactive or has expired.", param, "promotion_code_expired")
    if promotion_code["customer"] not in (None, customer):
        raise invalid("This promotion code cannot be redeemed by this customer.", param, "promotion_code_customer")
    if promotion_code["restrictions"]["first_time_transaction"] and customer and _has_paid(call, customer):
        text = "This promotion code cannot be redeemed because the associated customer has prior transactions."
        raise invalid(text, param, "customer_not_first_time")


def _has_paid(call: Call, customer: str) -> bool:
    paid = (i["amount_paid"] > 0 for i in call.objects.find("invoice", customer=customer, status="paid"))
    return any(paid) or bool(call.objects.find("charge", customer=customer, status="succeeded"))


def check_minimum(promotion_code: dict[str, Any], amount: int, currency: str, param: str) -> None:
    """Refuse an order below the code's minimum (minor units); another currency has its own minimum or none."""
    limits = promotion_code["restrictions"]
    least = limits["minimum_amount"] if limits["minimum_amount_currency"] == currency else None
    option = (limits.get("currency_options") or {}).get(currency)
    least = option["minimum_amount"] if option else least
    if least is not None and amount < least:
        text = "This promotion code cannot be redeemed because the order's total is below its minimum amount."
        raise invalid(text, param)


def redeem(call: Call, promotion_code: dict[str, Any]) -> None:
    """Count one redemption of the code and of its coupon; exhausted codes turn inactive."""
    with updating(call, promotion_code, "promotion_code.updated"):
        promotion_code["times_redeemed"] += 1
        coupons.redeem(call, call.objects.get("coupon", promotion_code["promotion"]["coupon"]))
        promotion_code["active"] = _has_life(call, promotion_code)
