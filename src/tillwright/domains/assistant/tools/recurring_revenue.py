"""What subscriptions bring in a month: MRR."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import recurring, shield, sums
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.finding import CURRENCY
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.tool import Tool


async def run(asking: Asking) -> Outcome:
    wanted = asking.arguments["currency"]
    subscriptions = [row for row in await asking.rows("subscriptions") if row.get("status") in recurring.COUNTED]
    worth, without = recurring.total(subscriptions)
    if without:
        asking.note(f"{without} subscription items have no fixed price (metered or tiered) and are not in the sum")
    worth = {key: value for key, value in worth.items() if wanted in (None, key[0])}
    totals = {c: sum((v for (o, _), v in worth.items() if o == c), start=recurring.Fraction(0)) for c, _ in worth}
    result: Outcome = {
        "basis": "active and past-due subscriptions now, a month's share of each item, before discounts and tax",
        "subscriptions": len(subscriptions),
        "mrr": sums.shown({currency: sums.rounded(value) for currency, value in totals.items()}),
    }
    if asking.arguments["by_product"]:
        names = {str(row["id"]): row.get("name") for row in await asking.rows("products")}
        result["products"] = [_product(asking, key, value, names) for key, value in sorted(worth.items())]
    return result


def _product(asking: Asking, key: tuple[str, str], value: recurring.Fraction, names: dict[str, Any]) -> dict[str, Any]:
    currency, product = key
    return {
        "product": asking.cite("products", product or None),
        "name": shield.outside(names.get(product)),
        "mrr": shield.amount(sums.rounded(value), currency),
    }


TOOL = Tool(
    "recurring_revenue",
    "Recurring revenue (MRR)",
    "Monthly recurring revenue now, by currency, and by product if asked for.",
    (CURRENCY, Argument("by_product", "flag", "Say it for each product too.", default=False)),
    run,
)
