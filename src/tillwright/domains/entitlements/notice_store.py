"""The notices that went out and the sweep's queue: the only SQL of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tillwright.domains.entitlements.model import Entitlement, SentNotice
from tillwright.domains.entitlements.store import entitlement_of
from tillwright.gateways.database import Tx

Ends = Mapping[str, Mapping[datetime, set[int]]]
"""By entitlement and by end: the offsets that went out."""


async def organisations_due(tx: Tx, at: datetime) -> Sequence[str]:
    rows = await tx.execute("select organisation_id from organisations_with_entitlements_due(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, at: datetime, limit: int) -> Sequence[Entitlement]:
    """Those whose turn it is, locked; what another worker holds is left to it."""
    rows = await tx.execute(
        "select * from entitlements where organisation_id = %s and check_at <= %s order by check_at limit %s "
        "for update skip locked",
        (organisation_id, at, limit),
    )
    return [entitlement_of(row) async for row in rows]


async def set_checks(tx: Tx, organisation_id: str, checks: Mapping[str, datetime | None]) -> None:
    """When each has to be looked at again."""
    if checks:
        await tx.execute(
            "update entitlements e set check_at = c.at from unnest(%s::text[], %s::timestamptz[]) c(id, at) "
            "where e.organisation_id = %s and e.id = c.id",
            (list(checks), list(checks.values()), organisation_id),
        )


async def look_again(tx: Tx, organisation_id: str, now: datetime, earliest: int) -> None:
    """After an edit of the plan: look at each `earliest` days before its end, or now if that is past."""
    await tx.execute(
        "update entitlements set check_at = greatest(%s, end_time - make_interval(days => %s)) "
        "where organisation_id = %s and end_time > %s and status in ('ACTIVE', 'PENDING_CANCEL') "
        "and (check_at is null or check_at > greatest(%s, end_time - make_interval(days => %s)))",
        (now, earliest, organisation_id, now, now, earliest),
    )


async def insert(tx: Tx, organisation_id: str, notices: Sequence[SentNotice]) -> None:
    """The key refuses a notice that went out before: that would be a mistake of the sweep, and nothing commits."""
    if notices:
        async with tx.cursor() as cursor:
            await cursor.executemany(
                "insert into entitlement_notices (organisation_id, entitlement_id, end_time, days_before, days_left, "
                "initial, created) values (%s, %s, %s, %s, %s, %s, %s)",
                [(organisation_id, n.entitlement_id, n.end, n.offset, n.days_left, n.initial, n.at) for n in notices],
            )


async def sent(tx: Tx, entitlement_ids: Sequence[str]) -> Ends:
    rows = await tx.execute(
        "select entitlement_id, end_time, days_before from entitlement_notices where entitlement_id = any(%s)",
        (list(entitlement_ids),),
    )
    found: dict[str, dict[datetime, set[int]]] = {}
    async for row in rows:
        found.setdefault(row["entitlement_id"], {}).setdefault(row["end_time"], set()).add(row["days_before"])
    return found


async def of_entitlements(tx: Tx, entitlement_ids: Sequence[str]) -> Sequence[SentNotice]:
    """Newest first."""
    rows = await tx.execute(
        "select * from entitlement_notices where entitlement_id = any(%s) order by created desc, days_before",
        (list(entitlement_ids),),
    )
    return [_notice(row) async for row in rows]


def _notice(row: Mapping[str, Any]) -> SentNotice:
    return SentNotice(
        row["entitlement_id"], row["end_time"], row["days_before"], row["days_left"], row["initial"], row["created"]
    )


async def running(
    tx: Tx, organisation_id: str, livemode: bool, until: datetime, after: str, limit: int
) -> Sequence[Entitlement]:
    """Those that run and end before a time, by id, behind `after`."""
    rows = await tx.execute(
        "select * from entitlements where organisation_id = %s and livemode = %s and end_time < %s and id > %s "
        "and status in ('ACTIVE', 'PENDING_CANCEL') order by id limit %s",
        (organisation_id, livemode, until, after, limit),
    )
    return [entitlement_of(row) async for row in rows]
