"""Plans: the older face of recurring prices; both carry the same id and change together."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, prices
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid


def mirror(call: Call, price: dict[str, Any], trial_period_days: int | None = None) -> dict[str, Any]:
    """The plan of a new recurring price."""
    recurring, transform = price["recurring"], price.get("transform_quantity")
    plan = generic.build(
        call,
        "plan",
        id=price["id"],
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme=price["billing_scheme"],
        created=price["created"],
        currency=price["currency"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        metadata=dict(price["metadata"]),
        meter=recurring["meter"],
        nickname=price["nickname"],
        product=price["product"],
        tiers_mode=price["tiers_mode"],
        transform_usage=dict(transform) if transform else None,
        trial_period_days=trial_period_days,
        usage_type=recurring["usage_type"],
    )
    if price.get("tiers"):
        plan["tiers"] = price["tiers"]
    call.objects.insert(plan)
    call.emit("plan.created", plan)
    return plan


def follow(call: Call, price: dict[str, Any]) -> None:
    """Bring the plan to what its price now says."""
    plan = call.objects.get("plan", price["id"])
    with updating(call, plan, "plan.updated"):
        for name in ("active", "nickname"):
            plan[name] = price[name]
        plan["metadata"] = dict(price["metadata"])


@behaviour("PostPlans")
def create(call: Call) -> dict[str, Any]:
    """A recurring price by its older parameters."""
    params = dict(call.params)
    if params.get("id") and call.objects.maybe("plan", params["id"]):
        raise invalid("Plan already exists.", "id", "resource_already_exists")
    if params.get("amount") is None and params.get("amount_decimal") is None and not params.get("tiers"):
        raise invalid(
            "Plans require an `amount` or `amount_decimal` parameter to be set.", "amount", "parameter_missing"
        )
    recurring = {"interval": params["interval"], "interval_count": params.get("interval_count", 1)}
    recurring |= {name: params[name] for name in ("meter", "usage_type") if params.get(name)}
    values: dict[str, Any] = {"id": params.get("id") or call.new_id("plan"), "recurring": recurring}
    renamed = {
        "amount": "unit_amount",
        "amount_decimal": "unit_amount_decimal",
        "transform_usage": "transform_quantity",
    }
    for name in ("active", "billing_scheme", "currency", "metadata", "nickname", "tiers", "tiers_mode", *renamed):
        if params.get(name) not in (None, ""):
            values[renamed.get(name, name)] = params[name]
    product = params.get("product")
    if isinstance(product, dict):
        values["product_data"] = product
    else:
        values["product"] = product
    price = prices.make(call, values)
    plan = call.objects.get("plan", price["id"])
    plan["trial_period_days"] = params.get("trial_period_days")
    call.objects.touch(plan)
    return plan


@behaviour("PostPlansPlan")
def update(call: Call) -> dict[str, Any]:
    plan = call.objects.get("plan", call.path["plan"])
    with updating(call, plan, "plan.updated"):
        generic.apply(plan, call.params)
    price = call.objects.get("price", plan["id"])
    with updating(call, price, "price.updated"):
        for name in ("active", "nickname", "product"):
            price[name] = plan[name]
        price["metadata"] = dict(plan["metadata"] or {})
    return plan


@behaviour("DeletePlansPlan")
def delete(call: Call) -> dict[str, Any]:
    """New subscriptions can't use it; those that do keep its price, switched off."""
    plan = call.objects.get("plan", call.path["plan"])
    price = call.objects.maybe("price", plan["id"])
    stub = call.objects.delete("plan", plan["id"])
    call.emit("plan.deleted", plan)
    if price and call.objects.find("subscription_item", price=price["id"]):
        with updating(call, price, "price.updated"):
            price["active"] = False
    elif price:
        call.objects.delete("price", price["id"])
        call.emit("price.deleted", price)
    return stub
