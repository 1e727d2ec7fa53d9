"""Finding objects of a kind: the arguments every such tool takes, and what fits them. The predicates are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.assistant import sums
from tillwright.domains.assistant.asking import Asking, Object
from tillwright.domains.assistant.kinds import KINDS, Kind, identity, pick
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.source import Span
from tillwright.domains.assistant.tool import Tool
from tillwright.kit.clock import to_unix

LIMIT = Argument("limit", "integer", "How many items to show, 1 to 100.", default=20)
CURSOR = Argument("cursor", "cursor", "Where to go on: the next_cursor of the answer before.")
FROM = Argument("from", "date", "From this day or time on.")
BEFORE = Argument("before", "date", "Before this day or time (not including it).")
ZONE = Argument(
    "time_zone", "time_zone", "In which days and periods begin and end, such as Europe/Vienna.", default="UTC"
)
CURRENCY = Argument("currency", "currency", "Only this currency, such as eur.")
SPAN = (FROM, BEFORE, ZONE)


def finder(name: str, tool: str, summary: str, *more: Argument) -> Tool:
    """A tool that finds one kind."""
    kind = KINDS[name]
    arguments = [*more]
    if kind.text:
        words = ", ".join(field.replace("_", " ").replace(".", " ") for field in kind.text)
        arguments.insert(0, Argument("text", "text", f"Part of its {words}; capitals don't matter."))
    if kind.statuses:
        arguments.append(Argument("status", "choice", "Only those in this state.", choices=kind.statuses))
    if _has(kind, "customer"):
        arguments.append(Argument("customer", "id", "Only those of this customer (cus_…)."))
    if kind.amount:
        arguments += [
            CURRENCY,
            Argument("amount_min", "integer", "At least so much, in whole minor units (cents)."),
            Argument("amount_max", "integer", "At most so much, in whole minor units (cents)."),
        ]
    orders = ("newest", "oldest", "largest", "smallest") if kind.amount else ("newest", "oldest")
    arguments += [*SPAN, Argument("order", "choice", "How to sort.", choices=orders, default="newest"), LIMIT, CURSOR]

    async def run(asking: Asking) -> Outcome:
        return await find(asking, name)

    return Tool(tool, f"Find {kind.title.lower()}", summary, tuple(arguments), run)


def _has(kind: Kind, field: str) -> bool:
    return any(each.name == field for each in kind.fields)


def span_of(asking: Asking) -> Span:
    return Span(asking.arguments.get("from"), asking.arguments.get("before"))


async def find(asking: Asking, name: str) -> Outcome:
    """All that fit: counted, summed by currency, and a page of them."""
    kind, given = KINDS[name], asking.arguments
    rows = await asking.rows(name, customer=given.get("customer"), span=span_of(asking))
    now = to_unix(asking.now)
    fitting = [row for row in rows if fits(kind, row, given, now) and span_of(asking).holds(row.get("created"))]
    fitting = ordered(fitting, str(given.get("order") or "newest"), kind.amount)
    asking.lay_out(fitting, lambda row: asking.show(name, row))
    result: Outcome = {"count": len(fitting)}
    if kind.amount:
        result["sums"] = sums.shown(sums.by_currency(fitting, kind.amount))
    return result


def fits(kind: Kind, row: Mapping[str, Any], given: Mapping[str, Any], now: int) -> bool:
    """Whether an object is one of those asked for. `now` in seconds decides what is overdue."""
    text = str(given.get("text") or "").casefold()
    if text and not any(text in str(pick(row, path) or "").casefold() for path in (*kind.text, "id")):
        return False
    if given.get("customer") and identity(row.get("customer")) != given["customer"]:
        return False
    if given.get("status") and given["status"] not in states(kind.name, row, now):
        return False
    if given.get("currency") and row.get("currency") != given["currency"]:
        return False
    for name in ("charge", "coupon", "product", "subscription"):
        if given.get(name) and identity(pick(row, "promotion.coupon" if name == "coupon" else name)) != given[name]:
            return False
    amount = row.get(kind.amount) if kind.amount else None
    least, most = given.get("amount_min"), given.get("amount_max")
    if least is not None and (not isinstance(amount, int) or amount < least):
        return False
    return most is None or (isinstance(amount, int) and amount <= most)


def states(name: str, row: Mapping[str, Any], now: int) -> set[str]:
    """Every state an object counts as: Stripe's own, and those people mean."""
    found = {str(row.get("status"))}
    if name in ("products", "prices", "promotion_codes"):
        found = {"active" if row.get("active") else "inactive"}
    if name == "coupons":
        found = {"active" if row.get("valid") else "inactive"}
    if name == "payments":
        refunded, amount = int(row.get("amount_refunded") or 0), int(row.get("amount") or 0)
        if refunded:
            found.add("refunded" if refunded >= int(row.get("amount_captured") or amount) else "partially_refunded")
        if row.get("disputed"):
            found.add("disputed")
    if name == "invoices" and overdue(row, now):
        found.add("overdue")
    return found


def overdue(row: Mapping[str, Any], now: int) -> bool:
    """Open, past its due date, with something left to pay."""
    due = row.get("due_date")
    return (
        row.get("status") == "open" and isinstance(due, int) and due < now and int(row.get("amount_remaining") or 0) > 0
    )


def ordered(rows: Sequence[Object], order: str, amount: str | None) -> list[Object]:
    """By time, or by amount within a currency; ties by id, so that a page begins where the last one ended."""
    made = sorted(rows, key=lambda row: (int(row.get("created") or 0), str(row.get("id"))))
    if order == "newest":
        made.reverse()
    if order in ("largest", "smallest") and amount:
        made.sort(key=lambda row: int(row.get(amount) or 0), reverse=order == "largest")
        made.sort(key=lambda row: str(row.get("currency")))
    return made
