"""Discounts: a coupon or promotion code as it stands applied to a customer, subscription, item, invoice or quote."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import coupons, periods, promotion_codes
from tillwright_sandbox.behaviours.invoice_totals import Reduction, amount_off
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
_OWNERS = ("customer", "subscription", "subscription_item", "invoice", "invoice_item", "checkout_session")


def give(
    call: Call,
    entries: list[Obj] | str | None,
    *,
    customer: str | None,
    currency: str,
    param: str = "discounts",
    **owner: str,
) -> list[str]:
    """Discounts for `entries` ({coupon} or {promotion_code} or {discount}); answers their ids.

    `owner` names what they hang on (subscription=, subscription_item=, invoice=, invoice_item=). A discount named by
    its id is kept as it is; a coupon or code is redeemed once. `max_redemptions` is settled here, at apply.
    """
    given: list[str] = []
    for index, entry in enumerate(entries or []):
        assert isinstance(entry, dict)
        given.append(_give_one(call, entry, customer, currency, f"{param}[{index}]", owner))
    return given


def _give_one(call: Call, entry: Obj, customer: str | None, currency: str, param: str, owner: Obj) -> str:
    named = [name for name in ("coupon", "discount", "promotion_code") if entry.get(name)]
    if len(named) != 1:
        text = "You must specify exactly one of `coupon`, `promotion_code` or `discount`."
        raise invalid(text, param)
    kind, here = named[0], f"{param}[{named[0]}]"
    if kind == "discount":
        return call.objects.get("discount", entry["discount"], param=here)["id"]
    code = None
    if kind == "promotion_code":
        code = call.objects.get("promotion_code", entry["promotion_code"], param=here)
        promotion_codes.check_redeemable(call, code, customer, here)
        coupon = call.objects.get("coupon", code["promotion"]["coupon"])
    else:
        coupon = call.objects.get("coupon", entry["coupon"], param=here)
        coupons.check_redeemable(call, coupon, here)
    if coupon["amount_off"] is not None and amount_off(coupon, currency) is None:
        raise invalid(
            f"The currency of coupon {coupon['id']} does not match this object's currency ({currency}).", here
        )
    if code:
        promotion_codes.redeem(call, code)
    else:
        coupons.redeem(call, coupon)
    return make(call, coupon, code, customer, owner)["id"]


def make(call: Call, coupon: Obj, code: Obj | None, customer: str | None, owner: Obj) -> Obj:
    """The discount itself, and its event."""
    end = periods.add(call.now, "month", coupon["duration_in_months"]) if coupon["duration"] == "repeating" else None
    discount = generic.build(
        call,
        "discount",
        id=call.new_id("di"),
        customer=customer,
        end=end,
        promotion_code=code["id"] if code else None,
        source={"type": "coupon", "coupon": coupon["id"]},
        start=call.now,
        **owner,
    )
    call.objects.insert(discount)
    if "subscription" in owner or set(owner) <= {"customer"}:
        call.emit("customer.discount.created", discount)
    return discount


def coupon_of(call: Call, discount: Obj) -> Obj:
    return coupons.terms(call, discount["source"]["coupon"])


def is_over(call: Call, discount: Obj, used: bool) -> bool:
    """Whether it has done its work: a repeating one past its end, a `once` that an invoice already used."""
    if discount["end"] is not None:
        return discount["end"] <= call.now
    return used and coupon_of(call, discount)["duration"] == "once"


def reductions(call: Call, ids: list[str], only: frozenset[str] | None = None) -> list[Reduction]:
    """The discounts as the totals want them; those already gone are left out."""
    found = (call.objects.maybe("discount", id) for id in ids)
    return [Reduction(one["id"], coupon_of(call, one), only) for one in found if one]


def remove(call: Call, discount_id: str) -> Obj:
    """Take a discount away; what it did to finished invoices stays. Answers {…, deleted: true}."""
    discount = call.objects.get("discount", discount_id)
    call.objects.delete("discount", discount_id)
    call.emit("customer.discount.deleted", discount)
    kept = ("id", "object", "source", "start", "promotion_code", *_OWNERS, "customer_account")
    return {**{name: discount.get(name) for name in kept}, "deleted": True}
