"""The charting's only SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tillwright.domains.mirror.model import Day
from tillwright.gateways.database import Tx


@dataclass(frozen=True)
class Kept:
    """The days from `since` to before `until` are kept, as they were at `computed`."""

    since: date
    until: date
    computed: datetime


async def kept(tx: Tx, livemode: bool, types: Sequence[str]) -> Mapping[str, Kept]:
    rows = await tx.execute(
        "select object, since, until, computed from mirror_day_marks where livemode = %s and object = any(%s)",
        (livemode, list(types)),
    )
    return {row["object"]: Kept(row["since"], row["until"], row["computed"]) async for row in rows}


async def days(
    tx: Tx, livemode: bool, since: Mapping[str, date], until: Mapping[str, date]
) -> Mapping[str, Sequence[Day]]:
    """Kept days of each type, from `since` to before `until`."""
    rows = await tx.execute(
        "select d.object, day, nullif(currency, '') as currency, nullif(status, '') as status, count, amount "
        "from mirror_days d join unnest(%s::text[], %s::date[], %s::date[]) t(object, since, until) "
        "on d.object = t.object and day >= since and day < until where livemode = %s",
        (list(since), list(since.values()), [until[name] for name in since], livemode),
    )
    found: dict[str, list[Day]] = {name: [] for name in since}
    async for row in rows:
        found[row["object"]].append(Day(row["day"], row["currency"], row["status"], row["count"], row["amount"]))
    return found


async def keep(
    tx: Tx, organisation_id: str, livemode: bool, object_type: str, since: date, until: date, rows: Sequence[Day],
    at: datetime,
) -> None:  # fmt: skip
    """Put these in the place of what was kept of the type."""
    await tx.execute(
        "delete from mirror_days where organisation_id = %s and livemode = %s and object = %s",
        (organisation_id, livemode, object_type),
    )
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "insert into mirror_days (organisation_id, livemode, object, day, currency, status, count, amount) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (organisation_id, livemode, object_type, r.day, r.currency or "", r.status or "", r.count, r.amount)
                for r in rows
            ],
        )
    await tx.execute(
        "insert into mirror_day_marks (organisation_id, livemode, object, since, until, computed) "
        "values (%s, %s, %s, %s, %s, %s) on conflict (organisation_id, livemode, object) do update set "
        "since = excluded.since, until = excluded.until, computed = excluded.computed",
        (organisation_id, livemode, object_type, since, until, at),
    )


async def due(
    tx: Tx, organisation_id: str, types: Sequence[str], most: int, before: datetime
) -> Sequence[tuple[bool, str]]:
    """(mode, type) of which there are more than `most`, and whose days were not counted since `before`."""
    rows = await tx.execute(
        "select c.livemode, c.object from mirror_counts c left join mirror_day_marks m "
        "on m.organisation_id = c.organisation_id and m.livemode = c.livemode and m.object = c.object "
        "where c.organisation_id = %s and c.object = any(%s) and c.present > %s "
        "and (m.computed is null or m.computed < %s) order by 1, 2",
        (organisation_id, list(types), most, before),
    )
    return [(row["livemode"], row["object"]) async for row in rows]


async def organisations_due(tx: Tx, types: Sequence[str], most: int, before: datetime) -> Sequence[str]:
    rows = await tx.execute(
        "select organisation_id from organisations_with_days_due(%s, %s, %s)", (list(types), most, before)
    )
    return [row["organisation_id"] async for row in rows]
