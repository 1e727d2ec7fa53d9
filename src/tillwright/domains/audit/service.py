"""Writing the trail and checking it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tillwright.domains.audit import store
from tillwright.domains.audit.model import Actor, Entry
from tillwright.gateways.database import Tx
from tillwright.kit.query import order as order_by
from tillwright.kit.query import where

OPENED = "secret:credential:open"


async def record(
    tx: Tx, organisation_id: str, actor: Actor, action: str, subject_id: str, detail: dict[str, Any], at: datetime
) -> Entry:
    """Append an entry in the caller's transaction.

    Args:
        action: `source:subject:action`, e.g. `console:integration:connect`.
        detail: JSON; no secrets.
        at: UTC.
    """
    if action.count(":") != 2:
        raise ValueError(f"an audit action is source:subject:action, not {action!r}")
    link = await store.last_link(tx, organisation_id)
    return await _append(tx, organisation_id, link, actor, action, subject_id, detail, at)


async def opened(tx: Tx, organisation_id: str, actor: Actor, what: str, why: str, at: datetime, **more: Any) -> Entry:
    """Append that a secret was opened: `what` is `PARTNER/purpose`, `why` a few words."""
    return await record(tx, organisation_id, actor, OPENED, what, {"why": why, **more}, at)


async def opened_meanwhile(
    tx: Tx, organisation_id: str, actor: Actor, what: str, detail: dict[str, Any], at: datetime
) -> bool:
    """The same for one that must not wait: False, and nothing written, if another writer is at the trail just now."""
    link = await store.free_link(tx, organisation_id)
    if link is None:
        return False
    await _append(tx, organisation_id, link, actor, OPENED, what, detail, at)
    return True


async def recent(
    tx: Tx, organisation_id: str, *, before: int | None = None, action: str = "", search: str = "", limit: int = 50
) -> Sequence[Entry]:
    """Entries, newest first, that come before number `before` and whose action contains `action`.

    Args:
        search: beside that, a text that action, actor, subject or detail must contain, in any case of letters.
    """
    return await store.page(tx, organisation_id, before=before, action=action, search=search, limit=limit)


async def query(
    tx: Tx, organisation_id: str, *, q: str | None, s: str | None, limit: int, offset: int
) -> tuple[Sequence[Entry], int]:
    """Entries by a filter and a sort (see `kit.query`), and how many the filter finds.

    Raises:
        Invalid: the filter or the sort is none.
    """
    condition, order = where(q, store.COLUMNS), order_by(s, store.COLUMNS, "number desc")
    return await store.query(tx, organisation_id, condition, order, limit, offset)


async def head(tx: Tx, organisation_id: str) -> tuple[int, str]:
    """The newest entry's number and digest, (0, "") where there is none."""
    return await store.head(tx, organisation_id)


async def first_break(tx: Tx, organisation_id: str, *, anchor: tuple[int, str] = (0, ""), since: int = 0) -> int | None:
    """The number of the first entry that was changed or is missing, or None if the chain holds.

    Args:
        anchor: number and digest of an entry as noted elsewhere: who can rewrite the whole chain can't rewrite that.
        since: begin behind this number, whose digest is taken from `anchor`.
    """
    number, digest = anchor if since else (0, "")
    if since:
        there = await store.ascending(tx, organisation_id, since - 1, 1)
        if not there or (there[0].number, there[0].digest) != anchor:
            return since
    while entries := await store.ascending(tx, organisation_id, number, 1000):
        for entry in entries:
            if entry.number != number + 1 or entry.previous != digest or entry.digest != entry.link():
                return number + 1
            number, digest = entry.number, entry.digest
            if number == anchor[0] and digest != anchor[1]:
                return number
    return number + 1 if number < anchor[0] else None


async def _append(
    tx: Tx,
    organisation_id: str,
    link: tuple[int, str],
    actor: Actor,
    action: str,
    subject_id: str,
    detail: dict[str, Any],
    at: datetime,
) -> Entry:
    number, previous = link
    entry = Entry(number + 1, action, actor, subject_id, detail, at, previous)
    entry = replace(entry, digest=entry.link())
    await store.insert(tx, organisation_id, entry)
    return entry
