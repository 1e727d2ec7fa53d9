"""What automation may move in a run and a day at most, held under concurrency to the minor unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tillwright.domains.automation import spending_store, switch_store
from tillwright.domains.automation.moving import Movement
from tillwright.domains.automation.spending_store import Entry
from tillwright.gateways.database import Tx
from tillwright.kit import money
from tillwright.kit.errors import Conflict

ORGANISATION = "organisation"
"""The scope of what all workflows move together; a workflow's own is its id."""
NO_CURRENCY = ""
"""Under it a write is counted that moves no money."""
CAPS = ("amount_per_day", "writes_per_day")
"""What an organisation can limit for all its workflows; in the form of a definition's `limits`."""


class LimitReached(Conflict):
    """A limit would be exceeded; nothing was sent."""


async def reserve(
    tx: Tx,
    organisation_id: str,
    *,
    run_id: str,
    step: str,
    attempt: int,
    workflow_id: str,
    livemode: bool,
    limits: Mapping[str, Any],
    moved: Movement | None,
    at: datetime,
) -> None:
    """Count a write before it is sent, once however often it is called for it.

    The totals' rows stay locked until the caller's transaction ends, so that of any number of steps at the same time
    only those go on that fit together.

    Raises:
        LimitReached: it does not fit; nothing is counted.
    """
    caps = await switch_store.caps(tx, organisation_id)
    if moved is None and "writes_per_day" not in limits and "writes_per_day" not in caps:
        return
    bounded = any(name.startswith("amount_") for name in (*limits, *caps))
    if moved is not None and not moved.known and bounded:
        raise LimitReached(
            "amount_unknown", "How much this would move can't be told, so no limit can be kept.",
            remedy="Give `amount` and `currency`, or lift the limits on amounts.",
        )  # fmt: skip
    amount, currency = (moved.amount or 0, moved.currency or NO_CURRENCY) if moved else (0, NO_CURRENCY)
    entry = Entry(run_id, step, attempt, workflow_id, livemode, at.date(), currency.lower(), amount)
    async with tx.transaction():  # a limit that is reached takes back what was counted
        if not await spending_store.add(tx, organisation_id, entry):
            return
        run = await spending_store.of_run(tx, organisation_id, run_id, entry.currency)
        _fits("run", run, (limits.get("amount_per_run") or {}), entry.currency)
        for scope, given in ((ORGANISATION, caps), (workflow_id, limits)):
            total, writes = await spending_store.count(tx, organisation_id, scope, entry, 1)
            _fits("day", total, given.get("amount_per_day") or {}, entry.currency)
            if given.get("writes_per_day") is not None and writes > given["writes_per_day"]:
                raise LimitReached(
                    "writes_limit", f"{given['writes_per_day']} writes a day are allowed, and were made.",
                    remedy="Raise `writes_per_day`, or let the run go on tomorrow.",
                )  # fmt: skip


def _fits(span: str, total: int, limits: Mapping[str, int], currency: str) -> None:
    limit = limits.get(currency)
    # A currency that is not named while others are is one nobody meant to allow.
    if limits and currency and limit is None:
        raise LimitReached(
            "currency_limit", f"Limits name no amount in {currency.upper()}.", remedy="Add it to the limits."
        )
    if limit is not None and total > limit:
        raise LimitReached(
            "amount_limit",
            f"With this, {money.show(total, currency)} would be moved in a {span}; "
            f"{money.show(limit, currency)} are allowed.",
            remedy=f"Raise `amount_per_{span}`, or let the run go on later.",
        )


async def release(tx: Tx, organisation_id: str, run_id: str, step: str, attempt: int) -> None:
    """Take back what was counted for a write that Stripe refused."""
    entry = await spending_store.remove(tx, organisation_id, run_id, step, attempt)
    if entry:
        for scope in (ORGANISATION, entry.workflow_id):
            await spending_store.count(tx, organisation_id, scope, entry, -1)
