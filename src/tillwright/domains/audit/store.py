"""The trail's only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.audit.model import Actor, Entry
from tillwright.gateways.database import Tx
from tillwright.kit.query import Column, Where

COLUMNS = {
    "id": Column("'aud_' || number"),
    "number": Column("number", "number"),
    "event_type": Column("action"),
    "action": Column("action"),
    "actor_kind": Column("actor_kind"),
    "actor_id": Column("actor_id"),
    "actor_name": Column("actor_name"),
    "subject_id": Column("subject_id"),
    "creation_time": Column("at", "time"),
    "last_update_time": Column("at", "time"),
}
"""What people may ask by, as the API names it."""
_COUNT: LiteralString = "select count(*) as n from audit_entries where organisation_id = %s and "
_SELECT: LiteralString = "select * from audit_entries where organisation_id = %s and "


async def last_link(tx: Tx, organisation_id: str) -> tuple[int, str]:
    """The newest entry's number and digest, held until commit so that two writers make a chain and not a fork."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 4211))", (organisation_id,))
    return await head(tx, organisation_id)


async def free_link(tx: Tx, organisation_id: str) -> tuple[int, str] | None:
    """The same, but None if another writer holds it: nothing is waited for."""
    row = await (
        await tx.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 4211)) as held", (organisation_id,))
    ).fetchone()
    return await head(tx, organisation_id) if row and row["held"] else None


async def insert(tx: Tx, organisation_id: str, entry: Entry) -> None:
    await tx.execute(
        "insert into audit_entries (organisation_id, number, action, actor_kind, actor_id, actor_name, subject_id, "
        "detail, at, previous, digest) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id,
            entry.number,
            entry.action,
            *astuple(entry.actor),
            entry.subject_id,
            Jsonb(entry.detail),
            entry.at,
            entry.previous,
            entry.digest,
        ),
    )


async def head(tx: Tx, organisation_id: str) -> tuple[int, str]:
    row = await (
        await tx.execute(
            "select number, digest from audit_entries where organisation_id = %s order by number desc limit 1",
            (organisation_id,),
        )
    ).fetchone()
    return (row["number"], row["digest"]) if row else (0, "")


async def page(
    tx: Tx, organisation_id: str, *, before: int | None, action: str, search: str, limit: int
) -> Sequence[Entry]:
    rows = await (
        await tx.execute(
            "select * from audit_entries where organisation_id = %s and (%s::bigint is null or number < %s) "
            "and action like %s and (%s = '' or strpos(lower(action || ' ' || actor_name || ' ' || actor_id || ' ' || "
            "subject_id || ' ' || detail::text), lower(%s)) > 0) order by number desc limit %s",
            (organisation_id, before, before, f"%{action}%", search, search, limit),
        )
    ).fetchall()
    return [_entry(row) for row in rows]


async def query(
    tx: Tx, organisation_id: str, where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[Entry], int]:
    """A slice of what the condition finds, and how many that are."""
    count: LiteralString = _COUNT + where.sql
    row = await (await tx.execute(count, (organisation_id, *where.values))).fetchone()
    wanted: LiteralString = _SELECT + where.sql + " order by " + order + " limit %s offset %s"
    rows = await (await tx.execute(wanted, (organisation_id, *where.values, limit, offset))).fetchall()
    return [_entry(each) for each in rows], row["n"] if row else 0


async def ascending(tx: Tx, organisation_id: str, after: int, limit: int) -> Sequence[Entry]:
    rows = await (
        await tx.execute(
            "select * from audit_entries where organisation_id = %s and number > %s order by number limit %s",
            (organisation_id, after, limit),
        )
    ).fetchall()
    return [_entry(row) for row in rows]


def _entry(row: dict[str, Any]) -> Entry:
    actor = Actor(row["actor_kind"], row["actor_id"], row["actor_name"])
    entry = Entry(row["number"], row["action"], actor, row["subject_id"], row["detail"], row["at"], row["previous"])
    return replace(entry, digest=row["digest"])
