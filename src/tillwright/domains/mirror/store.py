"""The mirrored objects' only SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.mirror.apply import Known
from tillwright.domains.mirror.columns import UNDATED, searched_by
from tillwright.domains.mirror.merge import Merged, Row
from tillwright.domains.mirror.model import Count, Day, Key, MirrorObject
from tillwright.domains.mirror.unfolding_store import held as held_by
from tillwright.gateways.database import Tx

_COPY_FROM = 16  # rows; below it the set-up of a COPY costs more than it saves
_COLUMNS: LiteralString = (
    "organisation_id, livemode, object, id, account_id, created, fetched_at, event_created, event_received, event_id, "
    "deleted, customer, status, search, parent, digest, body"
)
_MERGE: LiteralString = """on conflict (organisation_id, livemode, object, id) do update set
    account_id = excluded.account_id, created = excluded.created, fetched_at = excluded.fetched_at,
    event_created = excluded.event_created, event_received = excluded.event_received, event_id = excluded.event_id,
    deleted = excluded.deleted, customer = excluded.customer, status = excluded.status, search = excluded.search,
    parent = coalesce(excluded.parent, mirror_objects.parent), digest = excluded.digest, body = excluded.body,
    changed = pg_current_xact_id()"""

_PLACES: LiteralString = "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s"
_INSERT: LiteralString = f"insert into mirror_objects ({_COLUMNS}) values ({_PLACES}) {_MERGE}"  # noqa: S608 - constants
_TYPES = (
    "text", "bool", "text", "text", "text", "timestamptz", "timestamptz", "timestamptz", "timestamptz", "text", "bool",
    "text", "text", "text", "text", "bytea", "jsonb",
)  # fmt: skip
# One a connection, not one a batch: a table made and dropped each time fills the catalogue, and is planned for anew.
_EMPTY_INCOMING: LiteralString = (
    "create temp table if not exists incoming (like mirror_objects including defaults) on commit delete rows; "
    "delete from incoming"
)
_MERGE_INCOMING: LiteralString = f"insert into mirror_objects ({_COLUMNS}) select {_COLUMNS} from incoming {_MERGE}"  # noqa: S608 - constants


async def lock(tx: Tx, organisation_id: str, keys: Collection[Key]) -> None:
    """Until commit, be the only one that writes objects of these types: a judgement must hold until it is written.

    Taken in one order by everybody, so that two writers cannot block each other for good.
    """
    names = sorted({f"{organisation_id} {livemode} {object_type}" for livemode, object_type, _ in keys})
    await tx.execute(
        "select pg_advisory_xact_lock(lock) from "
        "(select distinct hashtextextended(name, 4212) as lock from unnest(%s::text[]) name order by 1) locks",
        (names,),
    )


async def known(tx: Tx, organisation_id: str, keys: Collection[Key]) -> dict[Key, Known]:
    """The evidence behind those of the objects that are there."""
    modes, types, names = (list(column) for column in zip(*keys, strict=True)) if keys else ([], [], [])
    rows = await tx.execute(
        "select m.livemode, m.object, m.id, deleted, fetched_at, event_created, event_received, event_id, digest, "
        + held_by()
        + " as held "
        "from mirror_objects m join unnest(%b::boolean[], %b::text[], %b::text[]) k(livemode, object, id) "
        "on m.livemode = k.livemode and m.object = k.object and m.id = k.id where organisation_id = %s",
        (modes, types, names, organisation_id),
    )
    return {
        (r["livemode"], r["object"], r["id"]): Known(
            r["deleted"], r["fetched_at"], r["event_created"], r["event_received"], r["event_id"], r["digest"],
            r["held"],
        )
        async for r in rows
    }  # fmt: skip


async def bodies(tx: Tx, organisation_id: str, keys: Collection[Key]) -> dict[Key, dict[str, Any]]:
    """The objects as they are kept, those of them that are."""
    modes, types, names = (list(column) for column in zip(*keys, strict=True))
    rows = await tx.execute(
        "select m.livemode, m.object, m.id, body from mirror_objects m "
        "join unnest(%b::boolean[], %b::text[], %b::text[]) k(livemode, object, id) "
        "on m.livemode = k.livemode and m.object = k.object and m.id = k.id where organisation_id = %s",
        (modes, types, names, organisation_id),
    )
    return {(r["livemode"], r["object"], r["id"]): r["body"] async for r in rows}


async def write(tx: Tx, organisation_id: str, merged: Merged, at: datetime) -> None:
    """Write the new state of every row of a merge, and the numbers that follow from it."""
    bodies = [_values(organisation_id, row) for row in merged.rows.values() if row.columns is not None]
    evidence = [row for row in merged.rows.values() if row.columns is None]
    if len(bodies) >= _COPY_FROM:
        await tx.execute(_EMPTY_INCOMING)
        async with tx.cursor() as cursor, cursor.copy(f"copy incoming ({_COLUMNS}) from stdin (format binary)") as copy:
            copy.set_types(_TYPES)
            for values in bodies:
                await copy.write_row(values)
        await tx.execute(_MERGE_INCOMING)
    elif bodies:
        async with tx.cursor() as cursor:
            await cursor.executemany(_INSERT, bodies)
    if evidence:
        async with tx.cursor() as cursor:
            await cursor.executemany(
                "update mirror_objects set fetched_at = %s, event_created = %s, event_received = %s, event_id = %s, "
                "changed = case when deleted = %s then changed else pg_current_xact_id() end, "
                "deleted = %s where organisation_id = %s and livemode = %s and object = %s and id = %s",
                [_evidence(organisation_id, row) for row in evidence],
            )
    await _count(tx, organisation_id, merged, at)


def _values(organisation_id: str, row: Row) -> tuple[Any, ...]:
    known, columns = row.known, row.columns
    assert columns is not None
    return (
        organisation_id, *row.key, row.account_id, columns.created, known.fetched_at, known.event_created,
        known.event_received, known.event_id, known.deleted, columns.customer, columns.status, columns.search,
        row.parent, columns.digest, Jsonb(columns.json, dumps=_as_is),
    )  # fmt: skip


def _as_is(text: bytes) -> bytes:
    return text


def _evidence(organisation_id: str, row: Row) -> tuple[Any, ...]:
    known = row.known
    times = (known.fetched_at, known.event_created, known.event_received, known.event_id)
    return (*times, known.deleted, known.deleted, organisation_id, *row.key)


async def _count(tx: Tx, organisation_id: str, merged: Merged, at: datetime) -> None:
    for kind in sorted(merged.present.keys() | merged.deleted.keys() | merged.carried.keys()):
        await tx.execute(
            "insert into mirror_counts (organisation_id, livemode, object, present, deleted, carried, changed, "
            "searched) values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, livemode, object) "
            "do update set present = mirror_counts.present + excluded.present, "
            "deleted = mirror_counts.deleted + excluded.deleted, "
            "carried = mirror_counts.carried + excluded.carried, changed = excluded.changed",
            (
                organisation_id, *kind, merged.present[kind], merged.deleted[kind], merged.carried[kind], at,
                searched_by(kind[1]),
            ),
        )  # fmt: skip


async def heard(tx: Tx, organisation_id: str, times: Mapping[tuple[bool, str], datetime]) -> None:
    """Note when an event last told of each type; the caller holds their locks."""
    if times:
        modes, types = ([kind[place] for kind in times] for place in (0, 1))
        await tx.execute(
            "update mirror_counts c set heard = k.heard from unnest(%b::boolean[], %b::text[], %b::timestamptz[]) "
            "k(livemode, object, heard) where c.organisation_id = %s and c.livemode = k.livemode "
            "and c.object = k.object and (c.heard is null or c.heard < k.heard)",
            (modes, types, list(times.values()), organisation_id),
        )


async def get(tx: Tx, livemode: bool, object_type: str, object_id: str) -> MirrorObject | None:
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = %s and id = %s",
        (livemode, object_type, object_id),
    )
    row = await rows.fetchone()
    return as_object(row) if row else None


async def page(
    tx: Tx,
    livemode: bool,
    object_type: str,
    *,
    pattern: str | None,
    filters: Mapping[str, Any],
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[MirrorObject]:
    """Objects that are not deleted, newest first, that come after `before` in that order."""
    given = {name: filters.get(name) for name in ("customer", "status", "created_from", "created_before")}
    values = (given["customer"], given["status"], given["created_from"], given["created_before"])
    place = before or (None, None)
    if pattern is not None:
        rows = await tx.execute(
            "select * from mirror_objects where livemode = %s and object = %s and id in "
            "(select id from mirror_search(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)) order by created desc, id desc",
            (livemode, object_type, livemode, object_type, pattern, *values, *place, limit),
        )
        return [as_object(row) async for row in rows]
    conditions: dict[LiteralString, Any] = {
        "customer = %s": values[0],
        "status = %s": values[1],
        "created >= %s": values[2],
        "created < %s": values[3],
    }
    chosen: dict[LiteralString, Any] = {sql: value for sql, value in conditions.items() if value is not None}
    fixed: list[LiteralString] = ["livemode = %s", "object = %s", "not deleted"]
    both: list[LiteralString] = [*fixed, *chosen]
    where = " and ".join(both)
    after: LiteralString = " and (created, id) < (%s, %s)" if before else ""
    rows = await tx.execute(
        f"select * from mirror_objects where {where}{after} order by created desc, id desc limit %s",  # noqa: S608 - the texts above
        (livemode, object_type, *chosen.values(), *(before or ()), limit),
    )
    return [as_object(row) async for row in rows]


def as_object(row: dict[str, Any]) -> MirrorObject:
    """A whole row as what the room hands out."""
    return MirrorObject(
        row["livemode"], row["object"], row["id"], row["account_id"],
        None if row["created"] == UNDATED else row["created"],
        row["customer"], row["status"], row["deleted"],
        max(time for time in (row["fetched_at"], row["event_received"]) if time is not None),
        row["body"], row["event_id"], row["parent"],
    )  # fmt: skip


async def counts(tx: Tx, livemode: bool) -> tuple[Sequence[Count], Mapping[str, int]]:
    """A row a type; and, by the type that carries them, how many objects are inside others."""
    rows = await (
        await tx.execute(
            "select object, present, deleted, carried from mirror_counts where livemode = %s order by object",
            (livemode,),
        )
    ).fetchall()
    found = [Count(row["object"], row["present"], row["deleted"]) for row in rows]
    return found, {row["object"]: row["carried"] for row in rows}


_MOVED: Mapping[str, LiteralString] = {
    "payment_intent": "coalesce(body->'amount_received', body->'amount')",
    "charge": "case when body->>'payment_intent' is null then coalesce(body->'amount_captured', body->'amount') end",
}
"""What an object says was moved, in minor units; a payment intent says it for its charges."""


async def days(tx: Tx, livemode: bool, object_type: str, since: datetime, until: datetime) -> Sequence[Day]:
    moved = _MOVED.get(object_type, "body->'amount'")
    rows = await tx.execute(
        "select (created at time zone 'UTC')::date as day, body->>'currency' as currency, status, "  # noqa: S608 - constants
        f"count(*) as count, coalesce(sum(case when jsonb_typeof({moved}) = 'number' then ({moved})::numeric end), 0)"
        "::bigint as amount from mirror_objects where livemode = %s and object = %s and not deleted and created >= %s "
        "and created < %s group by 1, 2, 3 order by 1, 2, 3",
        (livemode, object_type, since, until),
    )
    return [Day(r["day"], r["currency"], r["status"], r["count"], r["amount"]) async for r in rows]


async def erase_type(tx: Tx, organisation_id: str, livemode: bool, object_type: str) -> None:
    """Erase a type's objects and whatever is known of how true they are.

    Tombstones stay: Stripe lists no deleted object, and the event that told of its end may be kept no longer.
    """
    mine = (organisation_id, livemode, object_type)
    await lock(tx, organisation_id, [(livemode, object_type, "")])
    for table in ("mirror_refetches", "mirror_proofs", "mirror_proof_months", "mirror_days", "mirror_day_marks"):
        await tx.execute(f"delete from {table} where organisation_id = %s and livemode = %s and object = %s", mine)  # noqa: S608 - named above
    await tx.execute(
        "delete from mirror_objects where organisation_id = %s and livemode = %s and object = %s and not deleted", mine
    )
    await tx.execute(
        "update mirror_counts set present = 0, carried = 0 where organisation_id = %s and livemode = %s "
        "and object = %s",
        mine,
    )


_BESIDE = (
    "mirror_days", "mirror_day_marks",
    "mirror_drifts", "mirror_proof_months", "mirror_proofs", "mirror_ranges", "mirror_backfills", "mirror_refetches",
    "mirror_counts", "mirror_followers",
)  # fmt: skip


async def held(tx: Tx, organisation_id: str) -> int:
    row = await (
        await tx.execute(
            "select coalesce(sum(present + deleted), 0)::bigint as n from mirror_counts where organisation_id = %s",
            (organisation_id,),
        )
    ).fetchone()
    return row["n"] if row else 0


async def forget(tx: Tx, organisation_id: str) -> int:
    """Erase everything mirrored for the organisation; returns how many objects that were."""
    for table in _BESIDE:
        await tx.execute(f"delete from {table} where organisation_id = %s", (organisation_id,))  # noqa: S608 - named above
    gone = await tx.execute("delete from mirror_objects where organisation_id = %s", (organisation_id,))
    return gone.rowcount
