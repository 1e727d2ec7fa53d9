"""The only SQL that writes what objects are searched by without writing the objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tillwright.domains.mirror.columns import searched_by
from tillwright.gateways.database import Tx


@dataclass(frozen=True, slots=True)
class Old:
    """A type of which rows are searched by what its kind said before; those up to `place`, an id, are done."""

    livemode: bool
    object: str
    place: str


async def next_old(tx: Tx, organisation_id: str) -> Old | None:
    rows = await tx.execute(
        "select livemode, object, searched, coalesce(search_place, '') as place from mirror_counts "
        "where organisation_id = %s order by livemode, object",
        (organisation_id,),
    )
    async for row in rows:
        if row["searched"] != searched_by(row["object"]):
            return Old(row["livemode"], row["object"], row["place"])
    return None


async def bodies(tx: Tx, organisation_id: str, old: Old, limit: int) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The next objects behind the place, by id."""
    rows = await tx.execute(
        "select id, body from mirror_objects where organisation_id = %s and livemode = %s and object = %s and id > %s "
        "order by id limit %s",
        (organisation_id, old.livemode, old.object, old.place, limit),
    )
    return [(row["id"], row["body"]) async for row in rows]


async def write(tx: Tx, organisation_id: str, old: Old, searches: Sequence[tuple[str, str]]) -> None:
    """Where it differs only: the objects have not changed, and nobody who follows them is told."""
    await tx.execute(
        "update mirror_objects m set search = k.search from unnest(%s::text[], %s::text[]) k(id, search) "
        "where m.organisation_id = %s and m.livemode = %s and m.object = %s and m.id = k.id "
        "and m.search is distinct from k.search",
        ([name for name, _ in searches], [text for _, text in searches], organisation_id, old.livemode, old.object),
    )


async def note(tx: Tx, organisation_id: str, old: Old, place: str | None) -> None:
    """How far the type is; None when it is done."""
    await tx.execute(
        "update mirror_counts set search_place = %s, searched = case when %s then %s else searched end "
        "where organisation_id = %s and livemode = %s and object = %s",
        (place, place is None, searched_by(old.object), organisation_id, old.livemode, old.object),
    )
