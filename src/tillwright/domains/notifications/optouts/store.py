"""The only SQL of opting out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.gateways.database import Tx


async def add(tx: Tx, organisation_id: str, scope: str, address: str, at: datetime) -> bool:
    """Returns whether that is new."""
    done = await tx.execute(
        "insert into notification_optouts (organisation_id, scope, address, created) values (%s, %s, %s, %s) "
        "on conflict do nothing",
        (organisation_id, scope, address.lower(), at),
    )
    return done.rowcount == 1


async def remove(tx: Tx, organisation_id: str, scope: str, address: str) -> bool:
    done = await tx.execute(
        "delete from notification_optouts where organisation_id = %s and scope = %s and address = %s",
        (organisation_id, scope, address.lower()),
    )
    return done.rowcount == 1


async def of(tx: Tx, organisation_id: str, scope: str | None) -> Sequence[tuple[str, str]]:
    """(scope, address), of one scope or of all."""
    rows = await (
        await tx.execute(
            "select scope, address from notification_optouts where organisation_id = %s "
            "and (%s::text is null or scope = %s) order by scope, address",
            (organisation_id, scope, scope),
        )
    ).fetchall()
    return [(row["scope"], row["address"]) for row in rows]
