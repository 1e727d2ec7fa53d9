"""What was taken, given back and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.asking import Asking, Object
from tillwright.domains.assistant.finding import CURRENCY, CURSOR, SPAN, span_of
from tillwright.domains.assistant.kinds import identity, pick
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.periods import PERIODS, period_of
from tillwright.domains.assistant.tool import Tool

_GROUPS = ("none", *PERIODS, "country", "customer", "product")


async def run(asking: Asking) -> Outcome:
    if asking.arguments["group_by"] == "product":
        return await _by_product(asking)
    group = _group_of(asking)
    payments = [row for row in await asking.rows("payments", span=span_of(asking)) if _counts(asking, row)]
    cells: dict[tuple[str, str], list[int]] = {}
    for row in payments:
        cell = cells.setdefault((group(row), str(row["currency"])), [0, 0, 0])
        cell[0] += int(row.get("amount_captured") or 0)
        cell[1] += int(row.get("amount_refunded") or 0)
        cell[2] += 1
    totals: dict[str, list[int]] = {}
    for (_, currency), cell in cells.items():
        totals[currency] = [a + b for a, b in zip(totals.get(currency, [0, 0, 0]), cell, strict=True)]
    if asking.arguments["group_by"] != "none":
        lines = [{"group": name} | _line(currency, cell) for (name, currency), cell in sorted(cells.items())]
        asking.lay_out(lines, dict)
    return {
        "basis": "succeeded payments created in the time asked for; refunds are those of these payments, whenever made",
        "totals": [_line(currency, totals[currency]) for currency in sorted(totals)],
    }


def _counts(asking: Asking, row: Object) -> bool:
    currency = asking.arguments.get("currency")
    good = row.get("status") == "succeeded" and row.get("captured") is not False
    return good and currency in (None, row.get("currency")) and span_of(asking).holds(row.get("created"))


def _line(currency: str, cell: list[int]) -> dict[str, Any]:
    gross, refunded, count = cell
    return {
        "currency": currency,
        "payments": count,
        "gross": shield.amount(gross, currency),
        "refunded": shield.amount(refunded, currency),
        "net": shield.amount(gross - refunded, currency),
    }


def _group_of(asking: Asking) -> Callable[[Object], str]:
    by, zone = str(asking.arguments["group_by"]), str(asking.arguments["time_zone"])
    if by in PERIODS:
        return lambda row: period_of(int(row["created"]), by, zone)
    if by == "country":
        return _country
    if by == "customer":
        return lambda row: identity(row.get("customer")) or "none"
    return lambda row: "all"


def _country(row: Object) -> str:
    """Of the billing address, else of the card."""
    for path in ("billing_details.address.country", "payment_method_details.card.country"):
        found = pick(row, path)
        if isinstance(found, str) and len(found) == 2:
            return found.upper()
    return "unknown"


async def _by_product(asking: Asking) -> Outcome:
    """From the lines of paid invoices: a payment alone does not say what it was for."""
    wanted, span = asking.arguments.get("currency"), span_of(asking)
    invoices = [
        row
        for row in await asking.rows("invoices")
        if row.get("status") == "paid" and span.holds(pick(row, "status_transitions.paid_at"))
    ]
    names = {str(row["id"]): row for row in await asking.rows("products")}
    cells: dict[tuple[str, str], int] = {}
    for invoice in invoices:
        if wanted not in (None, invoice.get("currency")):
            continue
        lines: list[Object] = pick(invoice, "lines.data") or []
        if pick(invoice, "lines.has_more"):
            asking.note("Some invoices have more lines than Stripe lists with them", complete=False)
        for line in lines:
            product = identity(pick(line, "pricing.price_details.product")) or "none"
            key = (product, str(line.get("currency") or invoice.get("currency")))
            cells[key] = cells.get(key, 0) + int(line.get("amount") or 0)
    lines_ = [
        {
            "group": product,
            "product": shield.outside((names.get(product) or {}).get("name")),
            "link": (asking.cite("products", product) or {}).get("link") if product != "none" else None,
            "gross": shield.amount(amount, currency),
        }
        for (product, currency), amount in sorted(cells.items(), key=lambda pair: (pair[0][1], -pair[1], pair[0][0]))
    ]
    asking.lay_out(lines_, dict)
    totals: dict[str, int] = {}
    for (_, currency), amount in cells.items():
        totals[currency] = totals.get(currency, 0) + amount
    return {
        "basis": "lines of invoices paid in the time asked for, before discounts and tax",
        "totals": [{"currency": c, "gross": shield.amount(totals[c], c)} for c in sorted(totals)],
    }


TOOL = Tool(
    "revenue",
    "Revenue",
    "What was taken (gross), given back (refunded) and kept (net) in a time, by currency and never across currencies; "
    "grouped by day, week, month, quarter, year, country, customer or product.",
    (
        *SPAN,
        Argument("group_by", "choice", "One line for each of these.", choices=_GROUPS, default="none"),
        CURRENCY,
        Argument("limit", "integer", "How many lines to show, 1 to 100.", default=100),
        CURSOR,
    ),
    run,
)
