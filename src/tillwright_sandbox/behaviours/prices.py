"""Prices: what a unit of a product costs, once or every interval; each recurring price is also a plan."""

from decimal import Decimal, InvalidOperation
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, money, plans, products
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


@behaviour("PostPrices")
def create(call: Call) -> dict[str, Any]:
    return make(call, dict(call.params))


def make(call: Call, values: dict[str, Any], within: str = "") -> dict[str, Any]:
    """A price from its parameters (amounts in minor units); `within` names the parameter they came in, if inline."""
    here = (lambda name: f"{within}[{name}]") if within else (lambda name: name)
    values["currency"] = money.currency(values["currency"], here("currency"))
    _attach_product(call, values, here("product"))
    _check_amount(values, here)
    if recurring := values.get("recurring"):
        count = recurring.setdefault("interval_count", 1)
        if not 1 <= count <= _LONGEST[recurring["interval"]]:
            raise invalid("Invalid interval_count: prices can recur at most every three years.", here("recurring"))
        values["recurring"] = {"meter": None, "usage_type": "licensed", **recurring}
        if values["recurring"]["meter"]:
            call.objects.get("billing.meter", values["recurring"]["meter"], param=here("recurring[meter]"))
    _take_lookup_key(call, values)
    price = generic.build(call, "price", **_defaults(values))
    price.setdefault("id", call.new_id("price"))
    call.objects.insert(price)
    call.emit("price.created", price)
    if recurring:
        plans.mirror(call, price)
    return price


def _defaults(values: dict[str, Any]) -> dict[str, Any]:
    unit, decimal = values.get("unit_amount"), values.get("unit_amount_decimal")
    if unit is not None:
        values["unit_amount_decimal"] = str(unit)
    elif decimal is not None:
        number = Decimal(decimal)
        values["unit_amount"] = int(number) if number == number.to_integral_value() else None
    values.pop("transfer_lookup_key", None)
    values.setdefault("active", True)
    values.setdefault("billing_scheme", "per_unit")
    values.setdefault("tax_behavior", "unspecified")
    values["type"] = "recurring" if values.get("recurring") else "one_time"
    custom = values.get("custom_unit_amount")
    if custom:
        values["custom_unit_amount"] = {"maximum": None, "minimum": None, "preset": None} | custom
        values["custom_unit_amount"].pop("enabled", None)
    if values.get("tiers"):
        values["tiers"] = [_tier(tier) for tier in values["tiers"]]
    return values


def _tier(tier: dict[str, Any]) -> dict[str, Any]:
    """A tier as stored: amounts both as integer and as decimal text, an endless one with `up_to` null."""
    stored: dict[str, Any] = {"up_to": None if tier["up_to"] == "inf" else tier["up_to"]}
    for name in ("flat_amount", "unit_amount"):
        amount, decimal = tier.get(name), tier.get(f"{name}_decimal")
        stored[name] = amount
        stored[f"{name}_decimal"] = str(amount) if amount is not None else decimal
    return stored


def _attach_product(call: Call, values: dict[str, Any], param: str) -> None:
    inline = values.pop("product_data", None)
    if inline and values.get("product"):
        raise invalid("You may only specify one of these parameters: product, product_data.", "product")
    if inline:
        values["product"] = products.make(call, dict(inline))["id"]
    elif not values.get("product"):
        raise invalid("You must specify either `product` or `product_data` when creating a price.", param)
    call.objects.get("product", values["product"], param=param)


def _check_amount(values: dict[str, Any], here: Any) -> None:
    if values.get("billing_scheme") == "tiered":
        if not values.get("tiers") or not values.get("tiers_mode"):
            raise invalid("Tiered prices need `tiers` and `tiers_mode`.", here("tiers"), "parameter_missing")
        if values["tiers"][-1]["up_to"] != "inf":
            raise invalid("The last tier must have `up_to` set to `inf`.", here("tiers"))
        if values.get("unit_amount") is not None:
            raise invalid("`unit_amount` cannot be used with `billing_scheme=tiered`.", here("unit_amount"))
        return
    given = [
        name for name in ("unit_amount", "unit_amount_decimal", "custom_unit_amount") if values.get(name) is not None
    ]
    if not given:
        text = "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."
        raise invalid(text, here("unit_amount"), "parameter_missing")
    if len(given) > 1:
        raise invalid(f"You may only specify one of these parameters: {', '.join(given)}.", here(given[0]))
    if given[0] == "custom_unit_amount":
        if values.get("recurring"):
            raise invalid("`custom_unit_amount` cannot be used with recurring prices.", here("custom_unit_amount"))
        return
    try:
        amount = Decimal(values[given[0]])
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {values[given[0]]}", here(given[0]), "parameter_invalid_string") from None
    if amount < 0:
        raise invalid("Invalid non-negative integer", here(given[0]), "parameter_invalid_integer")


def _take_lookup_key(call: Call, values: dict[str, Any], owner: str | None = None) -> None:
    """A lookup key belongs to one price; `transfer_lookup_key` takes it from the one that has it."""
    if not (key := values.get("lookup_key")):
        return
    for other in call.objects.find("price", lookup_key=key):
        if other["id"] == owner:
            continue
        if not values.get("transfer_lookup_key"):
            text = f"A price (`{other['id']}`) already uses that lookup key."
            raise invalid(text, "lookup_key", "resource_already_exists")
        with updating(call, other, "price.updated"):
            other["lookup_key"] = None


@behaviour("PostPricesPrice")
def update(call: Call) -> dict[str, Any]:
    """A price's amount never changes; it can be switched off, named, and found by a lookup key."""
    price = call.objects.get("price", call.path["price"])
    values = dict(call.params)
    if values.get("active") is False and call.objects.find("product", default_price=price["id"]):
        raise invalid("This price cannot be archived because it is the default price of its product.", "active")
    _take_lookup_key(call, values, price["id"])
    values.pop("transfer_lookup_key", None)
    with updating(call, price, "price.updated"):
        generic.apply(price, values)
    if price["recurring"]:
        plans.follow(call, price)
    return price


def for_item(call: Call, entry: dict[str, Any], param: str, kind: str) -> dict[str, Any]:
    """The price an item names or describes inline (`price_data`); it must be active and of `kind`."""
    if entry.get("price_data"):
        price = make(call, dict(entry["price_data"]), f"{param}[price_data]")
    elif entry.get("price"):
        price = call.objects.get("price", entry["price"], param=f"{param}[price]")
    else:
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", f"{param}[price]")
    if price["type"] != kind:
        text = f"The price specified is set to `type={price['type']}` but this field only accepts prices with "
        text += f"`type={kind}`."
        raise invalid(text, f"{param}[price]")
    return price
