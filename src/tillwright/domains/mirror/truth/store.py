"""How fresh each type is: the only SQL of the answer; as fast with a million objects as with ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tillwright.domains.mirror.columns import UNDATED
from tillwright.domains.mirror.truth.model import Freshness
from tillwright.gateways.database import Tx


async def freshness(tx: Tx, livemode: bool, objects: Sequence[str]) -> Mapping[str, Freshness]:
    """By type: its newest object is the first of the index that lists are read by."""
    rows = await tx.execute(
        "select k.object, n.created, c.heard from unnest(%s::text[]) k(object) "
        "left join mirror_counts c on c.livemode = %s and c.object = k.object "
        "left join lateral (select created from mirror_objects m where m.livemode = %s and m.object = k.object "
        "and not m.deleted order by m.created desc, m.id desc limit 1) n on true",
        (list(objects), livemode, livemode),
    )
    return {
        row["object"]: Freshness(None if row["created"] == UNDATED else row["created"], row["heard"])
        async for row in rows
    }
