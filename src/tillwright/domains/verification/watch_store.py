"""The watches' only SQL: when each integration is looked at again, and when a refusal last cast doubt on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.gateways.database import Tx


async def keep(tx: Tx, organisation_id: str, partner: str, service: str, due: datetime, *, trusted: bool) -> None:
    """Look again then. `trusted`: an earlier doubt is settled, so that the next one counts at once."""
    await tx.execute(
        "insert into verification_watches (organisation_id, partner, service, due) values (%s, %s, %s, %s) "
        "on conflict (organisation_id, partner, service) do update set due = excluded.due, "
        "suspected = case when %s then null else verification_watches.suspected end",
        (organisation_id, partner, service, due, trusted),
    )


async def hasten(tx: Tx, organisation_id: str, partner: str, at: datetime) -> None:
    """Look again now."""
    await tx.execute(
        "update verification_watches set due = least(due, %s) where organisation_id = %s and partner = %s",
        (at, organisation_id, partner),
    )


async def suspect(tx: Tx, organisation_id: str, partner: str, at: datetime, since: datetime) -> bool:
    """Look again now, unless a doubt after `since` made us look already; whether it did."""
    done = await tx.execute(
        "update verification_watches set due = least(due, %s), suspected = %s "
        "where organisation_id = %s and partner = %s and (suspected is null or suspected <= %s)",
        (at, at, organisation_id, partner, since),
    )
    return done.rowcount > 0


async def due(tx: Tx, at: datetime) -> Sequence[str]:
    """The organisations that have something to look at."""
    rows = await tx.execute("select organisation_id from organisations_to_verify(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, at: datetime, until: datetime) -> Sequence[tuple[str, str]]:
    """(partner, service) of what is due, put off until then for everybody else."""
    rows = await tx.execute(
        "update verification_watches set due = %s where organisation_id = %s and due <= %s returning partner, service",
        (until, organisation_id, at),
    )
    return [(row["partner"], row["service"]) async for row in rows]


async def delete(tx: Tx, organisation_id: str, partner: str, service: str) -> None:
    await tx.execute(
        "delete from verification_watches where organisation_id = %s and partner = %s and service = %s",
        (organisation_id, partner, service),
    )
