"""The only SQL that looks for mirrored objects by a condition of `kit.query`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.store import as_object
from tillwright.gateways.database import Tx
from tillwright.kit.query import Where


async def find(
    tx: Tx, livemode: bool, object_types: Sequence[str], where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[MirrorObject], int]:
    """One cut of what the condition picks, and how many it picks in all."""
    chosen: LiteralString = "from mirror_objects where livemode = %s and object = any(%s) and not deleted and "
    chosen = chosen + where.sql
    values = (livemode, list(object_types), *where.values)
    rows = await tx.execute(f"select * {chosen} order by {order} limit %s offset %s", (*values, limit, offset))
    found = [as_object(row) async for row in rows]
    if offset == 0 and len(found) < limit:
        return found, len(found)
    if where.sql == "true":  # counted as they are written: a million are not counted again for each page
        counted = await tx.execute(
            "select coalesce(sum(present), 0)::bigint as n from mirror_counts where livemode = %s and object = any(%s)",
            values,
        )
    else:
        counted = await tx.execute(f"select count(*) as n {chosen}", values)
    row = await counted.fetchone()
    return found, row["n"] if row else 0


async def of_intents(tx: Tx, livemode: bool, object_type: str, intents: Sequence[str]) -> Sequence[MirrorObject]:
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = %s and id in "
        "(select id from mirror_of_intents(%s, %s, %s)) order by created desc, id desc",
        (livemode, object_type, livemode, object_type, list(intents)),
    )
    return [as_object(row) async for row in rows]


async def invoice_links(
    tx: Tx, livemode: bool, intents: Sequence[str], invoices: Sequence[str]
) -> Sequence[tuple[str, str]]:
    rows = await tx.execute(
        "select intent, invoice from mirror_invoice_links(%s, %s, %s)", (livemode, list(intents), list(invoices))
    )
    return [(row["intent"], row["invoice"]) async for row in rows]
