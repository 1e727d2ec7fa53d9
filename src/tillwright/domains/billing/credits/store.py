"""The credit wallets' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, LiteralString

from tillwright.domains.billing.credits.model import Move, Wallet
from tillwright.gateways.database import Tally, Tx, tally

_FIELDS: LiteralString = (
    "id, livemode, buyer_id, name, currency, wanted, placed, remaining, starts, expires, state, closed, created, "
    "updated, version"
)


async def add(tx: Tx, organisation_id: str, wallet: Wallet, due: datetime) -> bool:
    """False if it is there already."""
    added = await tx.execute(
        f"insert into credit_wallets (organisation_id, {_FIELDS}, due) values (%(organisation_id)s, %(id)s, "  # noqa: S608 - constants
        "%(livemode)s, %(buyer_id)s, %(name)s, %(currency)s, %(wanted)s, %(placed)s, %(remaining)s, %(starts)s, "
        "%(expires)s, %(state)s, %(closed)s, %(created)s, %(updated)s, %(version)s, %(due)s) on conflict do nothing",
        asdict(wallet) | {"organisation_id": organisation_id, "due": due},
    )
    return added.rowcount == 1


async def save(tx: Tx, organisation_id: str, wallet: Wallet, due: datetime | None) -> bool:
    """Everything that can change, and when money has to be moved next; False if somebody changed it since."""
    saved = await tx.execute(
        "update credit_wallets set name = %(name)s, currency = %(currency)s, wanted = %(wanted)s, placed = %(placed)s, "
        "remaining = %(remaining)s, starts = %(starts)s, expires = %(expires)s, state = %(state)s, "
        "closed = %(closed)s, updated = %(updated)s, version = version + 1, due = %(due)s "
        "where organisation_id = %(organisation_id)s and id = %(id)s and version = %(version)s",
        asdict(wallet) | {"organisation_id": organisation_id, "due": due},
    )
    return saved.rowcount == 1


async def remove(tx: Tx, organisation_id: str, wallet_id: str) -> None:
    """For one that came to nothing: its moves go too."""
    await tx.execute("delete from credit_wallets where organisation_id = %s and id = %s", (organisation_id, wallet_id))


async def find(tx: Tx, organisation_id: str, wallet_id: str) -> Wallet | None:
    rows = await tx.execute(
        f"select {_FIELDS} from credit_wallets where organisation_id = %s and id = %s",  # noqa: S608 - constants
        (organisation_id, wallet_id),
    )
    row = await rows.fetchone()
    return Wallet(**row) if row else None


async def of_buyer(tx: Tx, organisation_id: str, buyer_id: str, livemode: bool) -> Sequence[Wallet]:
    """Newest first, deleted ones too."""
    rows = await tx.execute(
        f"select {_FIELDS} from credit_wallets where organisation_id = %s and buyer_id = %s and livemode = %s "  # noqa: S608 - constants
        "order by created desc, id desc",
        (organisation_id, buyer_id, livemode),
    )
    return [Wallet(**row) async for row in rows]


async def moves(tx: Tx, organisation_id: str, wallet_id: str) -> Sequence[Move]:
    """In the order they were decided, each as its effect stands now."""
    rows = await tx.execute(
        "select m.number, m.amount, m.effect_id, e.state from credit_moves m left join effects e "
        "on e.organisation_id = m.organisation_id and e.id = m.effect_id "
        "where m.organisation_id = %s and m.wallet_id = %s order by m.number",
        (organisation_id, wallet_id),
    )
    return [Move(**row) async for row in rows]


async def owners(tx: Tx, organisation_id: str, buyer_id: str) -> dict[str, str]:
    """The wallet of each move on a buyer's balance, by effect id."""
    rows = await tx.execute(
        "select m.effect_id, m.wallet_id from credit_moves m join credit_wallets w "
        "on w.organisation_id = m.organisation_id and w.id = m.wallet_id "
        "where m.organisation_id = %s and w.buyer_id = %s",
        (organisation_id, buyer_id),
    )
    return {row["effect_id"]: row["wallet_id"] async for row in rows}


async def add_move(tx: Tx, organisation_id: str, wallet_id: str, move: Move) -> None:
    await tx.execute(
        "insert into credit_moves (organisation_id, wallet_id, number, amount, effect_id) values (%s, %s, %s, %s, %s)",
        (organisation_id, wallet_id, move.number, move.amount, move.effect_id),
    )


async def due(tx: Tx, organisation_id: str, at: datetime, limit: int) -> Sequence[str]:
    """Wallets whose money has to be moved, the longest overdue first."""
    rows = await tx.execute(
        "select id from credit_wallets where organisation_id = %s and due <= %s order by due limit %s",
        (organisation_id, at, limit),
    )
    return [row["id"] async for row in rows]


async def postpone(tx: Tx, organisation_id: str, wallet_id: str, due: datetime | None) -> None:
    await tx.execute(
        "update credit_wallets set due = %s where organisation_id = %s and id = %s", (due, organisation_id, wallet_id)
    )


async def organisations_due(tx: Tx, at: datetime) -> Sequence[str]:
    rows: Any = await tx.execute("select organisation_id from organisations_with_credit_due(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def held(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "credit_wallets", organisation_id)


async def forget(tx: Tx, organisation_id: str) -> int:
    """Erase the organisation's wallets; returns how many. What is on the balances at Stripe is the buyers'."""
    gone = await tx.execute("delete from credit_wallets where organisation_id = %s", (organisation_id,))
    return gone.rowcount
