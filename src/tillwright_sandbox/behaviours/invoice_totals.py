"""What do an invoice's lines come to? Discounts, taxes and sums as Stripe computes them; pure, in minor units."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tillwright_sandbox.behaviours.price_amounts import share, to_minor

Line = dict[str, Any]


@dataclass(frozen=True)
class Reduction:
    """One discount as it bears on an invoice; `only` names the lines it may touch (None: every discountable line)."""

    discount: str
    coupon: dict[str, Any]
    only: frozenset[str] | None = None


def spread(amount: int, weights: list[int]) -> list[int]:
    """Split `amount` over `weights` in proportion; the parts sum to `amount` exactly (largest remainders first)."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def amount_off(coupon: dict[str, Any], currency: str) -> int | None:
    """A coupon's fixed amount in this currency; None when it has none there (such a coupon does not apply)."""
    if coupon.get("currency") == currency:
        return coupon["amount_off"]
    option = (coupon.get("currency_options") or {}).get(currency)
    return option["amount_off"] if option else None


def discount(lines: list[Line], reductions: Iterable[Reduction], currency: str) -> None:
    """Set each line's `discount_amounts`; discounts stack in the order given, none takes a line below zero."""
    for line in lines:
        line["discount_amounts"] = []
    for reduction in reductions:
        touched = [line for line in lines if _touches(reduction, line)]
        remains = [max(0, _net(line)) for line in touched]
        if reduction.coupon.get("percent_off") is not None:
            off = share(sum(remains), reduction.coupon["percent_off"], 100)
        else:
            off = min(amount_off(reduction.coupon, currency) or 0, sum(remains))
        for line, part in zip(touched, spread(off, remains), strict=True):
            line["discount_amounts"].append({"amount": part, "discount": reduction.discount})


def _touches(reduction: Reduction, line: Line) -> bool:
    if not line["discountable"] or (reduction.only is not None and line["id"] not in reduction.only):
        return False
    products = (reduction.coupon.get("applies_to") or {}).get("products")
    if not products:
        return True
    pricing = (line.get("pricing") or {}).get("price_details") or {}
    return pricing.get("product") in products


def _net(line: Line) -> int:
    return line["amount"] - sum(part["amount"] for part in line["discount_amounts"])


def tax(lines: list[Line], rates_of: Callable[[Line], list[dict[str, Any]]], exempt: bool) -> None:
    """Set each line's `taxes` from the tax rates that `rates_of(line)` answers."""
    for line in lines:
        net = _net(line)
        taxes = []
        for rate in rates_of(line):
            percentage = Decimal(str(rate["percentage"]))
            if rate["inclusive"]:
                amount = net - to_minor(Decimal(net) * 100 / (100 + percentage))
            else:
                amount = share(net, rate["percentage"], 100)
            if exempt:
                amount = 0
            taxes.append(
                {
                    "amount": amount,
                    "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
                    "tax_rate_details": {"tax_rate": rate["id"]},
                    "taxability_reason": "customer_exempt" if exempt else "standard_rated",
                    "taxable_amount": net - amount if rate["inclusive"] else net,
                    "type": "tax_rate_details",
                }
            )
        line["taxes"] = taxes


def sums(lines: list[Line]) -> dict[str, Any]:
    """The invoice's subtotal, total and their breakdowns, from lines already discounted and taxed."""
    subtotal = sum(line["amount"] for line in lines)
    off = _by(lines, "discount_amounts", lambda part: part["discount"])
    taxes = _by(lines, "taxes", lambda part: (part["tax_rate_details"]["tax_rate"], part["tax_behavior"]))
    inclusive = sum(part["amount"] for part in taxes if part["tax_behavior"] == "inclusive")
    exclusive = sum(part["amount"] for part in taxes if part["tax_behavior"] == "exclusive")
    total = subtotal - sum(part["amount"] for part in off) + exclusive
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": total - inclusive - exclusive,
        "total_discount_amounts": off,
        "total_taxes": taxes,
    }


def _by(lines: list[Line], field: str, key: Callable[[dict[str, Any]], Any]) -> list[dict[str, Any]]:
    """The lines' parts summed by key, first seen first."""
    found: dict[Any, dict[str, Any]] = {}
    for line in lines:
        for part in line[field] or []:
            seen = found.setdefault(
                key(part), {**part, **{name: 0 for name in ("amount", "taxable_amount") if name in part}}
            )
            for name in ("amount", "taxable_amount"):
                if name in part:
                    seen[name] += part[name]
    return list(found.values())
