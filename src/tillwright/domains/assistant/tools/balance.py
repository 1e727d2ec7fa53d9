"""The account's balance."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.model import Outcome
from tillwright.domains.assistant.tool import Tool


async def run(asking: Asking) -> Outcome:
    found = await asking.source.single("/v1/balance")
    if found is None:
        asking.note("Balance: not in the mirror; ask through a connection of your own", complete=False)
        return {"known": False}
    return {"known": True} | {name: _amounts(found.get(name)) for name in ("available", "pending")}


def _amounts(rows: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    shown = (shield.amount(row.get("amount"), row.get("currency")) for row in rows or [])
    return sorted((line for line in shown if line), key=lambda line: line["currency"])


TOOL = Tool("balance", "Balance", "What is available and what is pending on the account now, by currency.", (), run)
