"""Payments that failed, why, and which were made good."""

from __future__ import annotations

from collections import Counter

from tillwright.domains.assistant import sums
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.finding import CURRENCY, CURSOR, LIMIT, SPAN, ordered, span_of
from tillwright.domains.assistant.kinds import identity
from tillwright.domains.assistant.model import Outcome
from tillwright.domains.assistant.tool import Tool


async def run(asking: Asking) -> Outcome:
    span, wanted = span_of(asking), asking.arguments["currency"]
    rows = await asking.rows("payments", span=span)
    rows = [row for row in rows if span.holds(row.get("created")) and wanted in (None, row.get("currency"))]
    failed = ordered([row for row in rows if row.get("status") == "failed"], "newest", None)
    good = {identity(row.get("payment_intent")) for row in rows if row.get("status") == "succeeded"} - {None}
    mended = [row for row in failed if identity(row.get("payment_intent")) in good]
    asking.lay_out(failed, lambda row: asking.show("payments", row))
    reasons = Counter(str(row.get("failure_code") or "unknown") for row in failed)
    return {
        "basis": "charges that failed, created in the time asked for; an intent may fail several times",
        "count": len(failed),
        "sums": sums.shown(sums.by_currency(failed, "amount")),
        "customers": len({identity(row.get("customer")) for row in failed} - {None}),
        "paid_later": len(mended),
        "reasons": [{"code": code, "count": reasons[code]} for code in sorted(reasons, key=lambda c: (-reasons[c], c))],
        "attempts": len(rows),
        "rate_percent": sums.percent(len(failed), len(rows)),
    }


TOOL = Tool(
    "failed_payments",
    "Failed payments",
    "How many payments failed in a time, what they sum to by currency, the reasons, and how many succeeded later.",
    (*SPAN, CURRENCY, LIMIT, CURSOR),
    run,
)
