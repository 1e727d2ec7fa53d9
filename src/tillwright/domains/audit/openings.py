"""How often this process opened secrets that check deliveries: an entry of the trail for each, an hour at most."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tillwright.domains.audit.model import Actor
from tillwright.domains.audit.service import opened_meanwhile
from tillwright.gateways.database import Tx
from tillwright.gateways.database.group_commit import turn_to

EVERY = timedelta(hours=1)
_WHY = "check the signatures of deliveries"
_US = Actor("SYSTEM", "tillwright", "tillwright")

Opened = tuple[str, str]
"""An organisation's id, and which of its secrets, as `PARTNER/purpose`."""


@dataclass
class Counted:
    """Openings since `since` that no entry tells of yet; `noted` is when the last entry was written."""

    since: datetime
    count: int = 0
    noted: datetime | None = None


class Openings:
    """A delivery opens the secret anew, thousands of times an hour: entries for each would be all that a trail holds.

    So the first opening is an entry, and then one an hour with how many there were since. Nothing waits for it: while
    another writer holds the trail, the next delivery's transaction writes it.
    """

    def __init__(self) -> None:
        self._by_secret: dict[Opened, Counted] = {}

    def count(self, opened: Collection[Opened], at: datetime) -> None:
        """Each of these was opened once."""
        for each in opened:
            self._by_secret.setdefault(each, Counted(at)).count += 1

    async def note(self, tx: Tx, opened: Collection[Opened], at: datetime) -> Mapping[Opened, int]:
        """Write what is due of these; to be settled once the transaction is committed."""
        written: dict[Opened, int] = {}
        for each in sorted(set(opened)):
            counted = self._by_secret[each]
            if counted.noted and at - counted.noted < EVERY:
                continue
            organisation_id, what = each
            await turn_to(tx, organisation_id)
            since = counted.since.isoformat()
            detail = {"why": _WHY, "openings": counted.count, "since": since, "process": os.getpid()}
            if await opened_meanwhile(tx, organisation_id, _US, what, detail, at):
                written[each] = counted.count
        return written

    def settle(self, written: Mapping[Opened, int], at: datetime) -> None:
        """Those entries are committed; what was opened meanwhile is for the next ones."""
        for each, count in written.items():
            self._by_secret[each] = Counted(at, self._by_secret[each].count - count, at)
