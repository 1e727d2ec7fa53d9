"""Pages of carried objects, and the cursor between them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tillwright.domains.mirror.carried import store
from tillwright.domains.mirror.carried.store import Place
from tillwright.domains.mirror.model import MirrorObject
from tillwright.gateways.database import Tx
from tillwright.kit.pages import Page, decode_cursor, no_cursor_of_this_list, page_of
from tillwright.kit.query import Where


async def list(
    tx: Tx, object_type: str, livemode: bool, where: Where, *, search: str | None, cursor: str | None, limit: int
) -> Page[MirrorObject]:
    """Objects that a condition picks, with the newest parents first.

    Args:
        search: what `where` looks for already, as it was typed: a whole id is found by an index.

    Raises:
        Invalid: a cursor of another list.
    """
    typed = (search or "").strip()
    parents = await store.parents_of(tx, livemode, object_type, typed) if typed else ()
    if parents:
        where = Where("parent = any(%s) and (" + where.sql + ")", ([*parents], *where.values))
    found = await store.page(tx, livemode, object_type, where, _before(cursor), limit + 1)
    page = page_of(found, limit, _place)
    return Page([shown for shown, _ in page.items], page.next_cursor)


def _place(found: tuple[MirrorObject, Place]) -> tuple[Any, ...]:
    created, parent, object_id = found[1]
    return created.isoformat(), parent, object_id


def _before(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    created, parent, object_id = decode_cursor(cursor, 3)
    try:
        return datetime.fromisoformat(created), str(parent), str(object_id)
    except (TypeError, ValueError):
        raise no_cursor_of_this_list() from None
