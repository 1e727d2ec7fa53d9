"""The receipts' only SQL."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from tillwright.domains.removal.receipt import Receipt
from tillwright.gateways.database import Tx


async def insert(tx: Tx, organisation_id: str, receipt: Receipt) -> None:
    await tx.execute(
        "insert into removals (organisation_id, id, partner, service, receipt, at, by_name) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id,
            receipt.id,
            receipt.partner,
            receipt.service,
            Jsonb(receipt.as_json()),
            receipt.at,
            receipt.by,
        ),
    )


async def recent(tx: Tx, organisation_id: str, limit: int) -> Sequence[Receipt]:
    """Receipts, newest first."""
    rows = await (
        await tx.execute(
            "select receipt from removals where organisation_id = %s order by at desc, id desc limit %s",
            (organisation_id, limit),
        )
    ).fetchall()
    return [Receipt.from_json(row["receipt"]) for row in rows]
