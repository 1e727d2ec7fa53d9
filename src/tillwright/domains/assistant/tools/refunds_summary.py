"""What was given back."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.finding import CURRENCY, SPAN, span_of
from tillwright.domains.assistant.model import Outcome
from tillwright.domains.assistant.tool import Tool


async def run(asking: Asking) -> Outcome:
    span, wanted = span_of(asking), asking.arguments["currency"]
    cells: dict[tuple[str, str, str], list[int]] = {}
    for row in await asking.rows("refunds", span=span):
        if span.holds(row.get("created")) and wanted in (None, row.get("currency")):
            key = (str(row.get("currency")), str(row.get("status")), str(row.get("reason") or "none given"))
            cell = cells.setdefault(key, [0, 0])
            cell[0] += int(row.get("amount") or 0)
            cell[1] += 1
    totals: dict[str, list[int]] = {}
    for (currency, status, _), cell in cells.items():
        if status == "succeeded":
            totals[currency] = [a + b for a, b in zip(totals.get(currency, [0, 0]), cell, strict=True)]
    return {
        "basis": "refunds created in the time asked for, whenever the payment was; totals are of succeeded ones",
        "totals": [_line(c, totals[c]) for c in sorted(totals)],
        "lines": [{"status": s, "reason": r} | _line(c, cell) for (c, s, r), cell in sorted(cells.items())],
    }


def _line(currency: str, cell: list[int]) -> dict[str, Any]:
    return {"currency": currency, "refunds": cell[1], "sum": shield.amount(cell[0], currency)}


TOOL = Tool(
    "refunds_summary",
    "Refunds",
    "How many refunds were made in a time and what they sum to, by currency, state and reason.",
    (*SPAN, CURRENCY),
    run,
)
