"""Everything about one customer, in the order it happened."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import sums
from tillwright.domains.assistant.asking import Asking, Object, when
from tillwright.domains.assistant.finding import CURSOR, LIMIT
from tillwright.domains.assistant.kinds import identity
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.tool import Tool

_KINDS = ("subscriptions", "invoices", "payments")


async def run(asking: Asking) -> Outcome:
    customer_id = str(asking.arguments["customer"])
    customer = await asking.beside("customers", customer_id)
    rows: list[tuple[str, Object]] = []
    held: dict[str, list[Object]] = {}
    for name in _KINDS:
        held[name] = await asking.rows(name, customer=customer_id)
        rows += [(name, row) for row in held[name]]
    if customer is None and asking.missed("customers"):
        customer = {"id": customer_id}
    if customer is None and not rows:
        return {"found": False, "customer": customer_id}
    if customer is None:  # deleted before the mirror began: what they bought is still known
        customer = {"id": customer_id, "deleted": True}
    charges = {str(row["id"]) for row in held["payments"]}
    for name in ("refunds", "disputes"):
        held[name] = [row for row in await asking.rows(name) if identity(row.get("charge")) in charges]
        rows += [(name, row) for row in held[name]]
    rows.sort(key=lambda pair: (int(pair[1].get("created") or 0), str(pair[1].get("id"))))
    # A row of the story carries its kind along; `_kind` is ours and never Stripe's.
    asking.lay_out([row | {"_kind": name} for name, row in rows], lambda row: asking.show(row["_kind"], row))
    taken = [row for row in held["payments"] if row.get("status") == "succeeded"]
    return {
        "found": True,
        "customer": asking.show("customers", customer),
        "since": when(customer.get("created")),
        "counts": {name: len(held[name]) for name in (*_KINDS, "refunds", "disputes")},
        "paid": sums.shown(sums.by_currency(taken, "amount_captured")),
        "refunded": sums.shown(sums.by_currency(taken, "amount_refunded")),
        "failed_payments": sum(row.get("status") == "failed" for row in held["payments"]),
        "open_invoices": _open(held["invoices"]),
        "active_subscriptions": sum(
            row.get("status") in ("active", "trialing", "past_due") for row in held["subscriptions"]
        ),
    }


def _open(invoices: list[Object]) -> dict[str, Any]:
    found = [row for row in invoices if row.get("status") == "open"]
    return {"count": len(found), "remaining": sums.shown(sums.by_currency(found, "amount_remaining"))}


TOOL = Tool(
    "customer_story",
    "A customer's story",
    "One customer with all subscriptions, invoices, payments, refunds and disputes in the order they happened, and "
    "what was paid, refunded and is open, by currency. Works for deleted customers too.",
    (Argument("customer", "id", "The customer's id (cus_…).", required=True), LIMIT, CURSOR),
    run,
)
