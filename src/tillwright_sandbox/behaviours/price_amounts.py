"""What does a quantity of a price cost? Integers in minor units; Decimal inside, rounded half up, never a float."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal


def to_minor(value: Decimal) -> int:
    """A decimal number of minor units, rounded half away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(amount: int, numerator: Decimal | int | float, denominator: Decimal | int) -> int:
    """`amount` × numerator / denominator in minor units."""
    return to_minor(Decimal(amount) * Decimal(str(numerator)) / Decimal(denominator))


def amount_of(price: dict, quantity: int) -> int:
    """What `quantity` of a stored price costs; knows transformed quantities, graduated and volume tiers."""
    if price["billing_scheme"] == "tiered":
        return to_minor(_tiered(price, quantity))
    units = Decimal(quantity)
    if transform := price.get("transform_quantity"):
        rounding = ROUND_CEILING if transform["round"] == "up" else ROUND_FLOOR
        units = (units / transform["divide_by"]).quantize(Decimal(1), rounding=rounding)
    return to_minor(units * unit_of(price))


def unit_of(price: dict) -> Decimal:
    """One unit's price in minor units; a price the customer chooses counts as its preset."""
    if price.get("unit_amount_decimal") is not None:
        return Decimal(price["unit_amount_decimal"])
    if price.get("unit_amount") is not None:
        return Decimal(price["unit_amount"])
    return Decimal((price.get("custom_unit_amount") or {}).get("preset") or 0)


def _tiered(price: dict, quantity: int) -> Decimal:
    tiers = price.get("tiers") or []
    if price["tiers_mode"] == "volume":
        tier = next((t for t in tiers if t["up_to"] is None or quantity <= t["up_to"]), tiers[-1])
        return _tier_amount(tier, quantity)
    total, done = Decimal(0), 0
    for index, tier in enumerate(tiers):
        if index and quantity <= done:  # the first tier's flat fee is due even for nothing used
            break
        upper = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        total += _tier_amount(tier, upper - done)
        done = upper
    return total


def _tier_amount(tier: dict, units: int) -> Decimal:
    unit = tier.get("unit_amount_decimal") or tier.get("unit_amount") or 0
    flat = tier.get("flat_amount_decimal") or tier.get("flat_amount") or 0
    return Decimal(units) * Decimal(unit) + Decimal(flat)
