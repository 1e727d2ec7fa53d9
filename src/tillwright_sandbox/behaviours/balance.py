"""GET /v1/balance: the sum of the balance transactions, available and pending, by currency."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox.behaviours import balance_transactions, behaviour
from tillwright_sandbox.call import Call


def amounts(call: Call, status: str) -> dict[str, int]:
    """Net amounts in minor units by currency of the movements in a status."""
    sums: dict[str, int] = {}
    for record in call.objects.select("balance_transaction", status=status):
        row = record.obj
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["net"]
    return sums


def _rows(sums: dict[str, int], currencies: list[str]) -> list[dict[str, Any]]:
    return [
        {"amount": sums.get(code, 0), "currency": code, "source_types": {"card": sums.get(code, 0)}}
        for code in currencies
    ]


@behaviour("GetBalance")
def retrieve(call: Call) -> dict[str, Any]:
    return shown(call)


def shown(call: Call) -> dict[str, Any]:
    """The balance as it stands now."""
    balance_transactions.mature(call)
    available, pending = amounts(call, "available"), amounts(call, "pending")
    currencies = sorted({*available, *pending} or {"usd"})
    return {
        "object": "balance",
        "available": _rows(available, currencies),
        "livemode": call.livemode,
        "pending": _rows(pending, currencies),
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }
