"""Writing the trail and checking it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tillwright.domains.audit import store
from tillwright.domains.audit.model import Actor, Entry
from tillwright.gateways.database import Tx


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
    number, previous = await store.last_link(tx, organisation_id)
    entry = Entry(number + 1, action, actor, subject_id, detail, at, previous)
    entry = replace(entry, digest=entry.link())
    await store.insert(tx, organisation_id, entry)
    return entry


async def recent(
    tx: Tx, organisation_id: str, *, before: int | None = None, action: str = "", limit: int = 50
) -> Sequence[Entry]:
    """Entries, newest first, that come before number `before` and whose action contains `action`."""
    return await store.page(tx, organisation_id, before=before, action=action, limit=limit)


async def first_break(tx: Tx, organisation_id: str) -> int | None:
    """The number of the first entry that was changed or is missing, or None if the chain holds."""
    number, digest = 0, ""
    while entries := await store.ascending(tx, organisation_id, number, 1000):
        for entry in entries:
            if entry.number != number + 1 or entry.previous != digest or entry.digest != entry.link():
                return number + 1
            number, digest = entry.number, entry.digest
    return None
