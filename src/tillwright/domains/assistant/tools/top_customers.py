"""Who brings in the most."""

from __future__ import annotations

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.asking import Asking, Object
from tillwright.domains.assistant.finding import CURRENCY, CURSOR, SPAN, span_of
from tillwright.domains.assistant.kinds import identity
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.tool import Tool


async def run(asking: Asking) -> Outcome:
    span, wanted = span_of(asking), asking.arguments["currency"]
    net: dict[tuple[str, str], list[int]] = {}
    without = 0
    for row in await asking.rows("payments", span=span):
        if row.get("status") != "succeeded" or row.get("captured") is False or not span.holds(row.get("created")):
            continue
        customer, currency = identity(row.get("customer")), str(row.get("currency"))
        if wanted not in (None, currency):
            continue
        if customer is None:
            without += 1
            continue
        cell = net.setdefault((currency, customer), [0, 0])
        cell[0] += int(row.get("amount_captured") or 0) - int(row.get("amount_refunded") or 0)
        cell[1] += 1
    if without:
        said = "1 payment belongs" if without == 1 else f"{without} payments belong"
        asking.note(f"{said} to no customer and are not ranked")
    people = {str(row["id"]): row for row in await asking.rows("customers")}
    lines: list[Object] = []
    ranks: dict[str, int] = {}
    for (currency, customer), (amount, count) in sorted(net.items(), key=lambda p: (p[0][0], -p[1][0], p[0][1])):
        ranks[currency] = ranks.get(currency, 0) + 1
        lines.append(
            {"currency": currency, "rank": ranks[currency], "customer": customer, "net": amount, "count": count}
        )
    most = max(1, min(100, int(asking.arguments["top"])))
    shown = [line for line in lines if line["rank"] <= most]

    def show(line: Object) -> Object:
        known = people.get(line["customer"])
        return {
            "rank": line["rank"],
            "id": line["customer"],
            "link": (asking.cite("customers", line["customer"]) or {})["link"],
            "name": asking.person(known) if known else "deleted customer",
            "net": shield.amount(line["net"], line["currency"]),
            "payments": line["count"],
        }

    asking.lay_out(shown, show)
    return {
        "basis": "net of succeeded payments created in the time asked for; a rank for each currency apart",
        "customers": [{"currency": currency, "count": ranks[currency]} for currency in sorted(ranks)],
    }


TOOL = Tool(
    "top_customers",
    "Top customers",
    "The customers who brought in the most in a time, ranked for each currency apart.",
    (
        *SPAN,
        CURRENCY,
        Argument("top", "integer", "How many for each currency, 1 to 100.", default=10),
        Argument("limit", "integer", "How many lines to show, 1 to 100.", default=100),
        CURSOR,
    ),
    run,
)
