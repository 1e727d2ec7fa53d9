"""The only SQL on leases."""

from __future__ import annotations

from datetime import datetime

from tillwright.gateways.database import Tx


async def take(tx: Tx, organisation_id: str, name: str, holder: str, now: datetime, ends: datetime) -> bool:
    """Holds it until `ends` if it is free, over, or the holder's own; whether that succeeded."""
    taken = await tx.execute(
        "insert into leases (organisation_id, name, holder, ends) values (%s, %s, %s, %s) "
        "on conflict (organisation_id, name) do update set holder = excluded.holder, ends = excluded.ends "
        "where leases.holder = excluded.holder or leases.ends <= %s",
        (organisation_id, name, holder, ends, now),
    )
    return taken.rowcount == 1


async def keep(tx: Tx, organisation_id: str, name: str, holder: str, ends: datetime) -> bool:
    """Holds it on until `ends`; False if it was not the holder's all the time: somebody may have had it since."""
    kept = await tx.execute(
        "update leases set ends = %s where organisation_id = %s and name = %s and holder = %s",
        (ends, organisation_id, name, holder),
    )
    return kept.rowcount == 1


async def give_back(tx: Tx, organisation_id: str, name: str, holder: str) -> None:
    await tx.execute(
        "delete from leases where organisation_id = %s and name = %s and holder = %s", (organisation_id, name, holder)
    )
