"""The verbs of reading the trail; writing it is the audit room's, below."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tillwright.domains import audit
from tillwright.domains.audit import Entry
from tillwright.domains.tenancy import store
from tillwright.domains.tenancy.model import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.ledger import Head, Ledger
from tillwright.kit.errors import Absent


@dataclass(frozen=True)
class Proof:
    """The outcome of a check of an organisation's whole trail.

    `broken_at` is the number of the first entry that was changed or is missing, None if all is as it was written;
    `anchored` the newest entry that is also noted outside of the database, 0 if none is yet.
    """

    organisation_id: str
    entries: int
    broken_at: int | None
    anchored: int

    @property
    def whole(self) -> bool:
        return self.broken_at is None


class Trail:
    """`ledger` holds the heads that somebody with the whole database in hand could not rewrite with it."""

    def __init__(self, *, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def page(
        self, principal: Principal, *, search: str = "", before: int | None = None, limit: int = 50
    ) -> Sequence[Entry]:
        """Entries whose action, actor or subject contains `search`, newest first, before number `before`."""
        principal.require("audit:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await audit.recent(tx, principal.organisation_id, before=before, search=search, limit=limit)

    async def query(
        self, principal: Principal, *, q: str | None, s: str | None, limit: int, offset: int
    ) -> tuple[Sequence[Entry], int]:
        """Entries by a filter and a sort (see `kit.query`), and how many the filter finds.

        Raises:
            Invalid: the filter or the sort is none.
        """
        principal.require("audit:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await audit.query(tx, principal.organisation_id, q=q, s=s, limit=limit, offset=offset)

    async def entry(self, principal: Principal, number: int) -> Entry:
        """One entry.

        Raises:
            Absent: there is none of this number.
        """
        principal.require("audit:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await audit.recent(tx, principal.organisation_id, before=number + 1, limit=1)
        if not found or found[0].number != number:
            raise Absent("entry_absent", f"There is no entry {number} in the audit trail.")
        return found[0]

    async def verify(self, principal: Principal) -> Proof:
        """Go through the whole chain, and compare it with what is noted outside of the database."""
        principal.require("audit:read")
        organisation_id = principal.organisation_id
        head = (await asyncio.to_thread(self._ledger.heads)).get(organisation_id, (0, ""))
        async with self._database.tenant(organisation_id) as tx:
            broken_at = await audit.first_break(tx, organisation_id, anchor=head)
            last = await audit.head(tx, organisation_id)
        return Proof(organisation_id, last[0], broken_at, head[0])

    async def anchor(self) -> int:
        """Note every trail's newest entry outside of the database; returns 0: there is no more to do at once.

        A trail that no longer continues what was noted is left as it was noted: that is the proof.
        """
        known = await asyncio.to_thread(self._ledger.heads)
        async with self._database.open() as tx:
            organisations = await store.organisation_ids(tx)
        new: dict[str, Head] = {}
        for organisation_id in organisations:
            async with self._database.tenant(organisation_id) as tx:
                last = await audit.head(tx, organisation_id)
                before = known.get(organisation_id, (0, ""))
                if (
                    last[0] > before[0]
                    and await audit.first_break(tx, organisation_id, anchor=before, since=before[0]) is None
                ):
                    new[organisation_id] = last
        if new:
            await asyncio.to_thread(self._ledger.note_heads, new)
        return 0
