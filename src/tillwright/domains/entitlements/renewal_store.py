"""The notices before renewals: the only SQL of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.domains.entitlements.model import Entitlement, SentRenewal
from tillwright.domains.entitlements.store import entitlement_of
from tillwright.gateways.database import Tx


async def insert(tx: Tx, organisation_id: str, renewals: Sequence[SentRenewal]) -> None:
    """The key refuses a second one for a period: that would be a mistake of the sweep, and nothing commits."""
    if renewals:
        async with tx.cursor() as cursor:
            await cursor.executemany(
                "insert into entitlement_renewal_notices (organisation_id, entitlement_id, renews, days_left, created) "
                "values (%s, %s, %s, %s, %s)",
                [(organisation_id, r.entitlement_id, r.renews, r.days_left, r.at) for r in renewals],
            )


async def told(tx: Tx, entitlement_ids: Sequence[str]) -> set[tuple[str, datetime]]:
    """(entitlement, when its period renews) of what went out."""
    rows = await tx.execute(
        "select entitlement_id, renews from entitlement_renewal_notices where entitlement_id = any(%s)",
        (list(entitlement_ids),),
    )
    return {(row["entitlement_id"], row["renews"]) async for row in rows}


async def sent(tx: Tx, entitlement_ids: Sequence[str]) -> Sequence[SentRenewal]:
    """What went out for these, newest first."""
    rows = await tx.execute(
        "select * from entitlement_renewal_notices where entitlement_id = any(%s) order by renews desc, entitlement_id",
        (list(entitlement_ids),),
    )
    return [SentRenewal(r["entitlement_id"], r["renews"], r["days_left"], r["created"]) async for r in rows]


async def between(
    tx: Tx, livemode: bool, since: datetime, until: datetime, limit: int, offset: int
) -> tuple[Sequence[Entitlement], int]:
    """Those that run and renew from one time to another, first the next, and how many there are."""
    rows = await tx.execute(
        "select *, count(*) over () as n from entitlements where livemode = %s and end_time is null and renews > %s "
        "and renews < %s and status in ('ACTIVE', 'PENDING_CANCEL') order by renews, id limit %s offset %s",
        (livemode, since, until, limit, offset),
    )
    found = await rows.fetchall()
    return [entitlement_of(row) for row in found], found[0]["n"] if found else 0


async def renewing(
    tx: Tx, organisation_id: str, livemode: bool, until: datetime, after: str, limit: int
) -> Sequence[Entitlement]:
    """Those that run and renew before a time, by id, behind `after`."""
    rows = await tx.execute(
        "select * from entitlements where organisation_id = %s and livemode = %s and end_time is null and renews < %s "
        "and id > %s and status in ('ACTIVE', 'PENDING_CANCEL') order by id limit %s",
        (organisation_id, livemode, until, after, limit),
    )
    return [entitlement_of(row) async for row in rows]


async def look_again(tx: Tx, organisation_id: str, now: datetime, earliest: int) -> None:
    """After an edit of the plan: look at each `earliest` days before it renews, or now if that is past."""
    await tx.execute(
        "update entitlements set check_at = greatest(%s, renews - make_interval(days => %s)) "
        "where organisation_id = %s and end_time is null and renews > %s and status in ('ACTIVE', 'PENDING_CANCEL') "
        "and (check_at is null or check_at > greatest(%s, renews - make_interval(days => %s)))",
        (now, earliest, organisation_id, now, now, earliest),
    )
