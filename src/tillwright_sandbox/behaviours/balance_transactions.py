"""The account's money: one row for each movement, pending until the day it becomes available."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import pages
from tillwright_sandbox.behaviours import behaviour, lists
from tillwright_sandbox.call import Call

DAY = 86_400
# Days until a charge's money is available; everything that takes money away counts at once.
DELAY_DAYS = 2


def record(
    call: Call,
    type: str,
    amount: int,
    currency: str,
    source: str,
    *,
    fee: int = 0,
    description: str | None = None,
    category: str | None = None,
    pending: bool = False,
    fee_description: str = "Stripe processing fees",
) -> dict[str, Any]:
    """A stored movement of `amount` (minor units, negative when money leaves) caused by `source`."""
    available_on = (call.now // DAY + DELAY_DAYS) * DAY if pending else call.now
    taken = {"amount": fee, "application": None, "currency": currency}
    fees = [taken | {"description": fee_description, "type": "stripe_fee"}] if fee else []
    row = {
        "id": call.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": call.now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees,
        "net": amount - fee,
        "reporting_category": category or type,
        "source": source,
        "status": "pending" if pending else "available",
        "type": type,
    }
    return call.objects.insert(row)


def mature(call: Call) -> None:
    """Let what became available by now say so. A private note remembers until when that was done."""
    note = call.objects.maybe("_matured", "balance")
    if note is None:
        note = call.objects.insert({"object": "_matured", "id": "balance", "until": 0})
    done_before = note["until"] - (DELAY_DAYS + 1) * DAY
    ready: list[str] = []
    for row in call.objects.select("balance_transaction"):
        if row.obj["created"] < done_before:
            break
        if row.obj["status"] == "pending" and row.obj["available_on"] <= call.now:
            ready.append(row.id)
    for id in ready:
        row = call.objects.get("balance_transaction", id)
        row["status"] = "available"
        call.objects.touch(row)
    if ready or call.now - note["until"] > DAY:
        note["until"] = call.now
        call.objects.touch(note)


@behaviour("GetBalanceTransactions", "GetBalanceHistory")
def list_all(call: Call) -> pages.Page:
    mature(call)
    equal = {key: call.params[key] for key in ("currency", "source", "type") if call.params.get(key)}
    if payout := call.params.get("payout"):
        equal["source"] = payout
    return lists.page(call, "balance_transaction", **equal)


@behaviour("GetBalanceTransactionsId", "GetBalanceHistoryId")
def retrieve(call: Call) -> dict[str, Any]:
    mature(call)
    return call.objects.get("balance_transaction", call.path["id"])
