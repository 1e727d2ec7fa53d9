"""The only SQL on what automation has moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tillwright.gateways.database import Tx


@dataclass(frozen=True)
class Entry:
    """One write; `amount` in minor units of `currency`, on a day in UTC."""

    run_id: str
    step: str
    attempt: int
    workflow_id: str
    livemode: bool
    day: date
    currency: str
    amount: int


async def add(tx: Tx, organisation_id: str, entry: Entry) -> bool:
    """False if it is there already."""
    added = await tx.execute(
        "insert into spending_entries (organisation_id, run_id, step, attempt, workflow_id, livemode, day, currency, "
        "amount) values (%(organisation_id)s, %(run_id)s, %(step)s, %(attempt)s, %(workflow_id)s, %(livemode)s, "
        "%(day)s, %(currency)s, %(amount)s) on conflict do nothing",
        vars(entry) | {"organisation_id": organisation_id},
    )
    return added.rowcount == 1


async def remove(tx: Tx, organisation_id: str, run_id: str, step: str, attempt: int) -> Entry | None:
    row = await (
        await tx.execute(
            "delete from spending_entries where organisation_id = %s and run_id = %s and step = %s and attempt = %s "
            "returning run_id, step, attempt, workflow_id, livemode, day, currency, amount",
            (organisation_id, run_id, step, attempt),
        )
    ).fetchone()
    return Entry(**row) if row else None


async def of_run(tx: Tx, organisation_id: str, run_id: str, currency: str) -> int:
    row = await (
        await tx.execute(
            "select coalesce(sum(amount), 0)::bigint as amount from spending_entries "
            "where organisation_id = %s and run_id = %s and currency = %s",
            (organisation_id, run_id, currency),
        )
    ).fetchone()
    return row["amount"] if row else 0


async def count(tx: Tx, organisation_id: str, scope: str, entry: Entry, sign: int) -> tuple[int, int]:
    """Add an entry to a scope's day, or take it away; (amount in its currency, writes in all) after that.

    The day's row for all writes is locked first, so that two entries of any currencies wait for one another.
    """
    keys = (organisation_id, scope, entry.livemode, entry.day)
    statement = (
        "insert into spending_totals as t (organisation_id, scope, livemode, day, currency, amount, writes) "
        "values (%s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, scope, livemode, day, currency) do update "
        "set amount = t.amount + excluded.amount, writes = t.writes + excluded.writes returning amount, writes"
    )
    whole = await (await tx.execute(statement, (*keys, "*", 0, sign))).fetchone()
    one = await (await tx.execute(statement, (*keys, entry.currency, sign * entry.amount, sign))).fetchone()
    assert whole is not None
    assert one is not None
    return one["amount"], whole["writes"]
