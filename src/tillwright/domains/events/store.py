"""The spine's only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.events.model import SpineEvent
from tillwright.gateways.database import Tx


async def insert(tx: Tx, organisation_id: str, name: str, data: dict[str, Any], at: datetime) -> int:
    row = await (
        await tx.execute(
            "insert into spine_events (organisation_id, name, data, created) values (%s, %s, %s, %s) returning id",
            (organisation_id, name, Jsonb(data), at),
        )
    ).fetchone()
    assert row is not None
    await tx.execute("notify spine")
    return row["id"]


async def insert_all(
    tx: Tx, organisation_id: str, happenings: Sequence[tuple[str, dict[str, Any]]], at: datetime
) -> None:
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "insert into spine_events (organisation_id, name, data, created) values (%s, %s, %s, %s)",
            [(organisation_id, name, Jsonb(data), at) for name, data in happenings],
        )
    await tx.execute("notify spine")


async def lock_place(tx: Tx, organisation_id: str, consumer: str) -> tuple[str, int] | None:
    """The consumer's place, locked; None if another process is reading for it now."""
    await tx.execute(
        "insert into spine_places (organisation_id, consumer) values (%s, %s) on conflict do nothing",
        (organisation_id, consumer),
    )
    row = await (
        await tx.execute(
            "select last_transaction::text, last from spine_places where organisation_id = %s and consumer = %s "
            "for update skip locked",
            (organisation_id, consumer),
        )
    ).fetchone()
    return (row["last_transaction"], row["last"]) if row else None


async def after(tx: Tx, organisation_id: str, place: tuple[str, int], limit: int) -> Sequence[tuple[str, SpineEvent]]:
    """Events behind the place, in order, each with its transaction.

    Ids are given out before commits, so a later id can be visible first. Reading stops at the oldest transaction that
    is still open: what it will add sorts behind everything handed on so far.
    """
    rows = await (
        await tx.execute(
            "select transaction_id::text as tid, id, name, data, created from spine_events "
            "where organisation_id = %s and (transaction_id, id) > (%s::xid8, %s) "
            "and transaction_id < pg_snapshot_xmin(pg_current_snapshot()) order by transaction_id, id limit %s",
            (organisation_id, *place, limit),
        )
    ).fetchall()
    return [(r["tid"], SpineEvent(r["id"], organisation_id, r["name"], r["data"], r["created"])) for r in rows]


async def move_place(tx: Tx, organisation_id: str, consumer: str, place: tuple[str, int]) -> None:
    await tx.execute(
        "update spine_places set last_transaction = %s::xid8, last = %s where organisation_id = %s and consumer = %s",
        (*place, organisation_id, consumer),
    )


async def organisations_behind(tx: Tx, consumer: str) -> Sequence[str]:
    rows = await (await tx.execute("select organisation_id from spine_behind(%s)", (consumer,))).fetchall()
    return [row["organisation_id"] for row in rows]


async def hold_place(tx: Tx, organisation_id: str, consumer: str) -> None:
    """Wait for whoever reads for the consumer, then keep others from it."""
    await tx.execute(
        "insert into spine_places (organisation_id, consumer) values (%s, %s) on conflict do nothing",
        (organisation_id, consumer),
    )
    await tx.execute(
        "select 1 from spine_places where organisation_id = %s and consumer = %s for update",
        (organisation_id, consumer),
    )


_SINCE: LiteralString = (
    "select id, name, data, created from spine_events "
    "where organisation_id = %s and created >= %s and name like any(%s) order by id "
)


async def since(
    tx: Tx, organisation_id: str, names: Sequence[str], moment: datetime, limit: int, *, newest: bool = False
) -> Sequence[SpineEvent]:
    rows = await (
        await tx.execute(
            _SINCE + ("desc" if newest else "asc") + " limit %s",
            (organisation_id, moment, [_like(name) for name in names], limit),
        )
    ).fetchall()
    return [SpineEvent(r["id"], organisation_id, r["name"], r["data"], r["created"]) for r in rows]


def _like(name: str) -> str:
    return name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
