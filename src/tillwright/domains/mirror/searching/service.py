"""Bringing what objects are searched by up to date: a batch of rows at a time, beside everything else."""

from __future__ import annotations

from collections.abc import Collection

from tillwright.domains.mirror import store as objects
from tillwright.domains.mirror.columns import search_of
from tillwright.domains.mirror.searching import store
from tillwright.gateways.database import Database

BATCH = 300
"""Rows a transaction: for so long, writers of their type wait."""


class Searching:
    """Any number of processes may step at once."""

    def __init__(self, *, database: Database) -> None:
        self._database = database
        self._done: set[str] = set()  # only another version of this program makes rows old

    async def step(self, organisations: Collection[str]) -> int:
        """Look through the next rows of each of these that has old ones; returns how many, 0 when all is done."""
        found = 0
        for organisation_id in sorted(set(organisations) - self._done):
            looked = await self._organisation(organisation_id)
            found += looked
            if not looked:
                self._done.add(organisation_id)
        return found

    async def _organisation(self, organisation_id: str) -> int:
        async with self._database.tenant(organisation_id) as tx:
            old = await store.next_old(tx, organisation_id)
            if old is None:
                return 0
            # What is written meanwhile is written by today's fields, and must not be overwritten by an older body's.
            await objects.lock(tx, organisation_id, [(old.livemode, old.object, "")])
            rows = await store.bodies(tx, organisation_id, old, BATCH)
            searches = [(name, search_of(old.object, name, dict(body))) for name, body in rows]
            await store.write(tx, organisation_id, old, searches)
            await store.note(tx, organisation_id, old, rows[-1][0] if len(rows) == BATCH else None)
            return len(rows) or 1
