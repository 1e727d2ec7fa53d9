"""Two times beside each other."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import shield, sums
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.finding import CURRENCY, ZONE
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.source import Span
from tillwright.domains.assistant.tool import Tool


async def run(asking: Asking) -> Outcome:
    first, second = await _taken(asking, "first"), await _taken(asking, "second")
    lines: list[dict[str, Any]] = []
    for currency in sorted({*first, *second}):
        one, two = first.get(currency, (0, 0)), second.get(currency, (0, 0))
        grown = sums.percent(abs(two[0] - one[0]), abs(one[0]))
        lines.append(
            {
                "currency": currency,
                "first": {"net": shield.amount(one[0], currency), "payments": one[1]},
                "second": {"net": shield.amount(two[0], currency), "payments": two[1]},
                "difference": shield.amount(two[0] - one[0], currency),
                "percent": grown and ("-" if two[0] < one[0] else "") + grown,
            }
        )
    return {"basis": "net of succeeded payments created in each time", "lines": lines}


async def _taken(asking: Asking, which: str) -> dict[str, tuple[int, int]]:
    span = Span(asking.arguments[f"{which}_from"], asking.arguments[f"{which}_before"])
    found: dict[str, tuple[int, int]] = {}
    for row in await asking.rows("payments", span=span):
        currency = str(row.get("currency"))
        if row.get("status") != "succeeded" or row.get("captured") is False or not span.holds(row.get("created")):
            continue
        if asking.arguments["currency"] in (None, currency):
            net, count = found.get(currency, (0, 0))
            kept = int(row.get("amount_captured") or 0) - int(row.get("amount_refunded") or 0)
            found[currency] = (net + kept, count + 1)
    return found


TOOL = Tool(
    "compare_revenue",
    "Compare revenue",
    "Net revenue of two times, with the difference and its percentage of the first, by currency.",
    (
        Argument("first_from", "date", "The first time begins here.", required=True),
        Argument("first_before", "date", "It ends before this.", required=True),
        Argument("second_from", "date", "The second time begins here.", required=True),
        Argument("second_before", "date", "It ends before this.", required=True),
        ZONE,
        CURRENCY,
    ),
    run,
)
