"""The marks' only SQL: which objects are to be fetched again, and who is at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.mirror.apply import SKEW
from tillwright.domains.mirror.model import Key
from tillwright.gateways.database import Tx

LEASE = timedelta(seconds=90)  # longer than a fetch may take: an object is fetched by one worker at a time


@dataclass(frozen=True, slots=True)
class Mark:
    """An object in doubt; `failures` counts fetches in a row that did not settle it; `parent` is whose it is."""

    key: Key
    failures: int
    parent: str | None


async def mark(tx: Tx, organisation_id: str, asks: Mapping[Key, str], at: datetime) -> None:
    """Ask for objects. Many doubts about one object are one fetch, begun late enough to settle them all."""
    if not asks:
        return
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "insert into mirror_refetches (organisation_id, livemode, object, id, reason, since, next_at) "
            "values (%s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, livemode, object, id) do update set "
            "reason = excluded.reason, marked = mirror_refetches.marked + 1, next_at = case "
            "when mirror_refetches.failures > 0 then mirror_refetches.next_at else excluded.next_at end",
            [(organisation_id, *key, asks[key], at, at + SKEW) for key in sorted(asks)],
        )


async def mark_lists(tx: Tx, organisation_id: str, object_type: str, at: datetime) -> None:
    """Ask for all of a type: the next pass that proves it begins now, one that is under way goes on."""
    await tx.execute(
        "update mirror_proofs set next_at = least(next_at, %s) where organisation_id = %s and object = %s",
        (at, organisation_id, object_type),
    )


async def organisations(tx: Tx, at: datetime) -> Sequence[str]:
    rows = await tx.execute("select organisation_id from organisations_to_refetch(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, lease: str, at: datetime, limit: int) -> Sequence[Mark]:
    """Marks that are due and nobody's, now this lease's."""
    rows = await tx.execute(
        "update mirror_refetches set lease = %s, leased_until = %s where (organisation_id, livemode, object, id) in "
        "(select organisation_id, livemode, object, id from mirror_refetches where organisation_id = %s "
        "and next_at <= %s and (leased_until is null or leased_until <= %s) order by next_at limit %s "
        "for update skip locked) returning livemode, object, id, failures, (select parent from mirror_objects m "
        "where m.organisation_id = mirror_refetches.organisation_id and m.livemode = mirror_refetches.livemode "
        "and m.object = mirror_refetches.object and m.id = mirror_refetches.id) as parent",
        (lease, at + LEASE, organisation_id, at, at, limit),
    )
    return [Mark((r["livemode"], r["object"], r["id"]), r["failures"], r["parent"]) async for r in rows]


async def untried(tx: Tx, organisation_id: str, before: datetime) -> bool:
    """Whether an object that was marked by then has not been fetched, nor tried to be."""
    rows = await tx.execute(
        "select 1 from mirror_refetches where organisation_id = %s and failures = 0 and since <= %s limit 1",
        (organisation_id, before),
    )
    return await rows.fetchone() is not None


async def settle(tx: Tx, organisation_id: str, lease: str, key: Key) -> bool:
    """Take the mark away; False if the lease ran out and another worker took it on."""
    gone = await tx.execute(
        "delete from mirror_refetches where organisation_id = %s and livemode = %s and object = %s and id = %s "
        "and lease = %s",
        (organisation_id, *key, lease),
    )
    return gone.rowcount == 1


async def postpone(
    tx: Tx, organisation_id: str, lease: str, key: Key, next_at: datetime, error: dict[str, Any]
) -> None:
    """Keep the mark for later, with what went wrong."""
    await tx.execute(
        "update mirror_refetches set lease = null, leased_until = null, failures = failures + 1, next_at = %s, "
        "error = %s where organisation_id = %s and livemode = %s and object = %s and id = %s and lease = %s",
        (next_at, Jsonb(error), organisation_id, *key, lease),
    )


async def open_marks(tx: Tx, livemode: bool) -> Sequence[dict[str, Any]]:
    """Per type: how many objects are in doubt, how many could not be fetched, since when, and the last error."""
    rows = await tx.execute(
        "select object, count(*) as waiting, count(*) filter (where failures > 0) as failing, min(since) as since, "
        "(array_agg(error order by next_at desc) filter (where error is not null))[1] as error "
        "from mirror_refetches where livemode = %s group by object order by object",
        (livemode,),
    )
    return await rows.fetchall()
