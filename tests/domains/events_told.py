"""Whether what was recorded on the spine is as its table of happenings says."""

from __future__ import annotations

from collections.abc import Sequence

from tillwright.domains.events import OCCURRENCE, called
from tillwright.gateways.database import Database


async def untold(database: Database, organisation_id: str) -> Sequence[str]:
    """Every recorded name, field or kind of value that the table does not have, as sentences."""
    async with database.tenant(organisation_id) as tx:
        found = await tx.execute("select name, data from spine_events where name not like 'stripe:event:%'")
        rows = [(row["name"], row["data"]) for row in await found.fetchall()]
    wrong: set[str] = set()
    for name, data in rows:
        known = called(name)
        if len(known) != 1:
            wrong.add(f"{name} has {len(known)} rows")
            continue
        for key, value in data.items():
            sample = known[0].example.get(key)
            if key not in known[0].example and key != OCCURRENCE:
                wrong.add(f"{name} has a field {key}")
            elif value is not None and sample is not None and type(value) is not type(sample):
                wrong.add(f"{name}: {key} is a {type(value).__name__}, its example a {type(sample).__name__}")
    return sorted(wrong)
