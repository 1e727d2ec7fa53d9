"""Reading carried objects: the only SQL of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from tillwright.domains.mirror import store as objects
from tillwright.domains.mirror.model import Count, MirrorObject
from tillwright.domains.mirror.store import as_object
from tillwright.domains.mirror.unfolding_store import CARRIED, newest_first, relation
from tillwright.gateways.database import Tx
from tillwright.kit.query import Where

_ALL: LiteralString = "select * from "
Place = tuple[datetime, str, str]
"""Where an object is in its list: when its parent was made, the parent's id and its own."""


async def page(
    tx: Tx, livemode: bool, object_type: str, where: Where, before: Place | None, limit: int
) -> Sequence[tuple[MirrorObject, Place]]:
    """Objects that a condition picks, the newest parents' first, that come after `before` in that order."""
    # The first term is what an index on the parents knows, the second is exact.
    after: LiteralString = (
        " and (parent_created, parent) <= (%s, %s) and (parent_created, parent, id) < (%s, %s, %s)" if before else ""
    )
    rows = await tx.execute(
        _ALL + relation(object_type) + " where livemode = %s and " + where.sql + after
        + " order by " + newest_first(object_type) + " limit %s",
        (livemode, *where.values, *((*before[:2], *before) if before else ()), limit),
    )  # fmt: skip
    return [(as_object(row), (row["parent_created"], row["parent"], row["id"])) async for row in rows]


async def get(tx: Tx, livemode: bool, object_type: str, object_id: str) -> MirrorObject | None:
    """One object by its id; None if no parent that is here carries it, or has it in its longer list."""
    parents = await parents_of(tx, livemode, object_type, object_id)
    if not parents:
        return None
    rows = await tx.execute(
        _ALL + relation(object_type) + " where livemode = %s and parent = any(%s) and id = %s limit 1",
        (livemode, list(parents), object_id),
    )
    row = await rows.fetchone()
    return as_object(row) if row else None


async def parents_of(tx: Tx, livemode: bool, object_type: str, object_id: str) -> Sequence[str]:
    """The parents that an object of this id may be of."""
    rows = await tx.execute(
        "select id from mirror_carriers(%s, %s, %s) union select parent from mirror_objects where livemode = %s "
        "and object = %s and id = %s and parent is not null",
        (livemode, CARRIED[object_type].of, object_id, livemode, object_type, object_id),
    )
    return [row["id"] async for row in rows]


async def counts(tx: Tx, livemode: bool) -> Mapping[str, Count]:
    """The numbers of each type, with those that are inside others."""
    rows, carried = await objects.counts(tx, livemode)
    found = {count.object: count for count in rows}
    for kind in CARRIED.values():
        own = found.get(kind.object, Count(kind.object, 0, 0))
        present = carried.get(kind.of or "", 0)
        if own.present:
            present += await _of_long_lists(tx, livemode, kind.object)
        if present or own.present or own.deleted:
            found[kind.object] = Count(kind.object, present, own.deleted)
    return {name: found[name] for name in sorted(found)}


async def _of_long_lists(tx: Tx, livemode: bool, object_type: str) -> int:
    """Rows of their own whose parent doesn't carry all of its objects: what a parent carries is counted with that."""
    kind = CARRIED[object_type]
    values: tuple[Any, ...] = (livemode, kind.of, kind.inside, object_type)
    row = await (
        await tx.execute(
            "select count(*) as n from mirror_objects p join mirror_objects m on m.organisation_id = p.organisation_id "
            "and m.livemode = p.livemode and m.parent = p.id where p.livemode = %s and p.object = %s and not p.deleted "
            "and p.body->%s->>'has_more' = 'true' and m.object = %s and not m.deleted",
            values,
        )
    ).fetchone()
    return row["n"] if row else 0
