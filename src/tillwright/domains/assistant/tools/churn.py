"""Subscriptions that ended, against those there were."""

from __future__ import annotations

from tillwright.domains.assistant import recurring, sums
from tillwright.domains.assistant.asking import Asking, Object
from tillwright.domains.assistant.finding import CURSOR, LIMIT, ZONE, ordered
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.source import Span
from tillwright.domains.assistant.tool import Tool
from tillwright.kit.clock import to_unix

_NEVER_BEGAN = ("incomplete", "incomplete_expired")


async def run(asking: Asking) -> Outcome:
    span = Span(asking.arguments["from"], asking.arguments["before"])
    start = to_unix(asking.arguments["from"])
    began = [row for row in await asking.rows("subscriptions") if row.get("status") not in _NEVER_BEGAN]
    ended = ordered([row for row in began if span.holds(row.get("ended_at"))], "newest", None)
    at_start = [row for row in began if _there(row, start)]
    lost = [row for row in at_start if span.holds(row.get("ended_at"))]
    worth, _ = recurring.total(ended)
    gone = {c: sums.rounded(sum((v for (o, _), v in worth.items() if o == c), recurring.Fraction(0))) for c, _ in worth}
    asking.lay_out(ended, lambda row: asking.show("subscriptions", row))
    return {
        "basis": "subscriptions whose end fell into the time; the rate is of those that ran at its beginning",
        "ended": len(ended),
        "at_start": len(at_start),
        "ended_of_those": len(lost),
        "rate_percent": sums.percent(len(lost), len(at_start)),
        "mrr_lost": sums.shown(gone),
        "began": sum(span.holds(row.get("start_date")) for row in began),
    }


def _there(row: Object, start: int) -> bool:
    began, ended = row.get("start_date"), row.get("ended_at")
    return isinstance(began, int) and began < start and (not isinstance(ended, int) or ended >= start)


TOOL = Tool(
    "churn",
    "Churn",
    "Subscriptions that ended in a time, the share of those that ran at its beginning, the monthly revenue lost by "
    "currency, and how many began.",
    (
        Argument("from", "date", "The time begins here.", required=True),
        Argument("before", "date", "It ends before this.", required=True),
        ZONE,
        LIMIT,
        CURSOR,
    ),
    run,
)
