"""Sign-ins that failed: an entry in the trail of each organisation of the person's, else the installation's list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains import audit
from tillwright.domains.tenancy import store
from tillwright.domains.tenancy.model import Organisation, Refused
from tillwright.gateways.database import Database
from tillwright.kit import ids

KEPT = timedelta(days=90)
# Who is refused was not recognised: the entry is the sign-in form's, about the person whose address was given.
_FORM = audit.Actor("SYSTEM", "sign-in", "Sign-in form")


async def note(
    database: Database,
    *,
    email: str,
    user: dict[str, Any] | None,
    organisations: Sequence[Organisation],
    why: str,
    agent: str,
    at: datetime,
) -> None:
    """Keep that a sign-in failed, and why."""
    if user is None or not organisations:
        async with database.open() as tx:
            await store.add_refused(tx, Refused(at, ids.fingerprint(email), why, agent[:200]), at - KEPT)
        return
    said = {"name": user["name"], "email": user["email"], "why": why, "agent": agent[:200]}
    for each in organisations:
        async with database.tenant(each.id) as tx:
            await audit.record(tx, each.id, _FORM, "console:session:refuse", user["id"], said, at)


def worth_an_entry(failures: int, most: int) -> bool:
    """Whether a try that was refused unread is one: the first, then each hundredth, so that nobody floods a trail."""
    return failures == most + 1 or failures % 100 == 0
