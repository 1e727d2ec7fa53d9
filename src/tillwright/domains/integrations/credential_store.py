"""The sealed credentials' only SQL: blobs in, blobs out; nothing here can open one."""

from __future__ import annotations

from datetime import datetime

from tillwright.gateways.database import Tx


async def put(
    tx: Tx, organisation_id: str, *, partner: str, purpose: str, livemode: bool, sealed: bytes, at: datetime
) -> None:
    """Stores a blob in place of the one for the same purpose."""
    await tx.execute(
        "insert into credentials (organisation_id, partner, purpose, livemode, sealed, created) "
        "values (%s, %s, %s, %s, %s, %s) on conflict (organisation_id, partner, purpose) "
        "do update set livemode = excluded.livemode, sealed = excluded.sealed, created = excluded.created",
        (organisation_id, partner, purpose, livemode, sealed, at),
    )


async def get(tx: Tx, organisation_id: str, partner: str, purpose: str) -> bytes | None:
    row = await (
        await tx.execute(
            "select sealed from credentials where organisation_id = %s and partner = %s and purpose = %s",
            (organisation_id, partner, purpose),
        )
    ).fetchone()
    return bytes(row["sealed"]) if row else None


async def names(tx: Tx, organisation_id: str, partner: str) -> list[tuple[str, datetime]]:
    """(purpose, when it was stored) of a partner's blobs, by purpose."""
    rows = await tx.execute(
        "select purpose, created from credentials where organisation_id = %s and partner = %s order by purpose",
        (organisation_id, partner),
    )
    return [(row["purpose"], row["created"]) async for row in rows]


async def count(tx: Tx, organisation_id: str, partner: str) -> int:
    row = await (
        await tx.execute(
            "select count(*) as n from credentials where organisation_id = %s and partner = %s",
            (organisation_id, partner),
        )
    ).fetchone()
    return row["n"] if row else 0


async def shred(tx: Tx, organisation_id: str, partner: str, purpose: str | None) -> int:
    """Overwrites and deletes, all of a partner's unless a purpose is given; returns how many."""
    values = (organisation_id, partner, purpose, purpose)
    await tx.execute(
        "update credentials set sealed = '' "
        "where organisation_id = %s and partner = %s and (%s::text is null or purpose = %s)",
        values,
    )
    done = await tx.execute(
        "delete from credentials where organisation_id = %s and partner = %s and (%s::text is null or purpose = %s)",
        values,
    )
    return done.rowcount
