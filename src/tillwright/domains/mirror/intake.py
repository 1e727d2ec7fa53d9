"""Taking copies in: judge them against what is known and write the outcome, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.domains.mirror import store
from tillwright.domains.mirror.apply import Verdict
from tillwright.domains.mirror.columns import HELD, carries_more
from tillwright.domains.mirror.marks import store as marks
from tillwright.domains.mirror.merge import merge
from tillwright.domains.mirror.model import EventCopy, FetchedCopy
from tillwright.domains.mirror.summaries import PART, asks, parts_of, summaries
from tillwright.gateways.database import Tx


async def take_in(
    tx: Tx, organisation_id: str, copies: Sequence[EventCopy | FetchedCopy], at: datetime
) -> Sequence[Verdict]:
    """What became of each copy, in order. Objects in doubt are marked to be fetched again in the same transaction."""
    if not copies:
        return []
    keys = {copy.key for copy in copies}
    await store.lock(tx, organisation_id, keys)
    merged = merge(await store.known(tx, organisation_id, keys), copies)
    told = summaries(copies)
    before = await store.bodies(tx, organisation_id, {copy.key for copy in told}) if told else {}
    await store.write(tx, organisation_id, merged, at)
    await store.heard(tx, organisation_id, _heard(copies))
    for copy in told:
        merged.asks.update(asks(copy, before.get(copy.key)))
        before[copy.key] = copy.body or {}
    longer = {PART for copy in told if parts_of(copy.body)[1]} | _longer(copies, merged.verdicts)
    for object_type in sorted(longer):  # more than the copies carry: their lists are read again
        await marks.mark_lists(tx, organisation_id, object_type, at)
    await marks.mark(tx, organisation_id, merged.asks, at)
    return merged.verdicts


def _heard(copies: Sequence[EventCopy | FetchedCopy]) -> dict[tuple[bool, str], datetime]:
    """When the last event of each type among the copies came in."""
    found: dict[tuple[bool, str], datetime] = {}
    for copy in copies:
        if isinstance(copy, EventCopy):
            kind = copy.key[:2]
            found[kind] = max(copy.received, found.get(kind, copy.received))
    return found


def _longer(copies: Sequence[EventCopy | FetchedCopy], verdicts: Sequence[Verdict]) -> set[str]:
    """The types of which a parent that just changed carries only the first: by a list it is read anyhow."""
    return {
        HELD[copy.object].object
        for copy, verdict in zip(copies, verdicts, strict=True)
        if copy.object in HELD and copy.body is not None and Verdict.WRITE in verdict
        and not (isinstance(copy, FetchedCopy) and copy.listed) and carries_more(copy.object, copy.body)
    }  # fmt: skip
