"""The library's only SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, cast

from tillwright.domains.mirror.library.askable import view_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.store import as_object
from tillwright.domains.mirror.unfolding_store import newest_first, relation
from tillwright.domains.mirror.views.store import select_list
from tillwright.gateways.database import Tx
from tillwright.kit.query import Where

BATCH = 500
_ALL: LiteralString = "select * from mirror_objects"
_CHOSEN: LiteralString = " where livemode = %s and object = %s and not deleted and "


async def page(
    tx: Tx, livemode: bool, object_type: str, where: Where, before: tuple[datetime, str] | None, limit: int
) -> Sequence[MirrorObject]:
    """Objects that a condition picks, newest first, that come after `before` in that order; not of carried types."""
    after: LiteralString = " and (created, id) < (%s, %s)" if before else ""
    rows = await tx.execute(
        _ALL + _CHOSEN + where.sql + after + " order by created desc, id desc limit %s",
        (livemode, object_type, *where.values, *(before or ()), limit),
    )
    return [as_object(row) async for row in rows]


async def typed(tx: Tx, livemode: bool, object_type: str, where: Where) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """The typed fields of every object that a condition picks, newest first, in batches: the server keeps the place."""
    view = view_of(object_type)
    if view is None:
        columns: LiteralString = "id, livemode, body as _body"
    else:
        columns = cast("LiteralString", select_list(view))  # Stripe's own field names, quoted
    async for batch in _streamed(tx, "select " + columns + " ", livemode, object_type, where):
        yield batch


async def bodies(tx: Tx, livemode: bool, object_type: str, where: Where) -> AsyncIterator[Sequence[str]]:
    """The objects themselves as texts of JSON, the same way."""
    async for batch in _streamed(tx, "select body::text as body ", livemode, object_type, where):
        yield [row["body"] for row in batch]


async def _streamed(
    tx: Tx, select: LiteralString, livemode: bool, object_type: str, where: Where
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    async with tx.cursor(name="library") as cursor:
        await cursor.execute(
            select + "from " + relation(object_type) + _CHOSEN + where.sql + " order by " + newest_first(object_type),
            (livemode, object_type, *where.values),
        )
        while batch := await cursor.fetchmany(BATCH):
            yield batch


async def limit_idling(tx: Tx, patience: str) -> None:
    """Have the server end this transaction if nobody reads on for so long."""
    await tx.execute("select set_config('idle_in_transaction_session_timeout', %s, true)", (patience,))
