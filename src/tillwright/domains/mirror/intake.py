"""Taking copies in: judge them against what is known and write the outcome, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.domains.mirror import store
from tillwright.domains.mirror.apply import Verdict
from tillwright.domains.mirror.marks import store as marks
from tillwright.domains.mirror.merge import merge
from tillwright.domains.mirror.model import EventCopy, FetchedCopy
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
    await store.write(tx, organisation_id, merged, at)
    await marks.mark(tx, organisation_id, merged.asks, at)
    return merged.verdicts
