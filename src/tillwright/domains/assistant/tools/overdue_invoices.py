"""What customers owe and are late with."""

from __future__ import annotations

from collections import Counter

from tillwright.domains.assistant import sums
from tillwright.domains.assistant.asking import Asking, Object
from tillwright.domains.assistant.finding import CURRENCY, CURSOR, LIMIT, overdue
from tillwright.domains.assistant.kinds import identity
from tillwright.domains.assistant.model import Outcome
from tillwright.domains.assistant.tool import Tool
from tillwright.kit.clock import to_unix

_DAY = 86_400
_AGES = ((30, "1-30 days"), (60, "31-60 days"), (90, "61-90 days"))


async def run(asking: Asking) -> Outcome:
    now, wanted = to_unix(asking.now), asking.arguments["currency"]
    rows = [row for row in await asking.rows("invoices") if overdue(row, now) and wanted in (None, row.get("currency"))]
    rows.sort(key=lambda row: (int(row["due_date"]), str(row["id"])))
    asking.lay_out(rows, lambda row: asking.show("invoices", row) | {"days_late": (now - int(row["due_date"])) // _DAY})
    ages = Counter(_age(row, now) for row in rows)
    return {
        "basis": "open invoices past their due date with something left to pay, the longest overdue first",
        "count": len(rows),
        "remaining": sums.shown(sums.by_currency(rows, "amount_remaining")),
        "customers": len({identity(row.get("customer")) for row in rows} - {None}),
        "ages": [{"age": name, "count": ages[name]} for _, name in (*_AGES, (0, "over 90 days")) if ages[name]],
    }


def _age(row: Object, now: int) -> str:
    days = (now - int(row["due_date"])) // _DAY
    return next((name for most, name in _AGES if days <= most), "over 90 days")


TOOL = Tool(
    "overdue_invoices",
    "Overdue invoices",
    "Open invoices past their due date: how many, what remains by currency, how late, and the list.",
    (CURRENCY, LIMIT, CURSOR),
    run,
)
