"""Reading the mirror for a page: always in the mode that is connected, and nothing while nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tillwright.domains.mirror.model import MirrorObject, Progress
from tillwright.doors.console import stripe_words
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Absent
from tillwright.kit.pages import Page

PAGE = 25
_LOOKED_AT = 1000  # objects in one look for those that refer to another
_LOOKS = 5


@dataclass(frozen=True)
class Related:
    """`whole` is False where there were more objects to look at than a page may read."""

    rows: Sequence[MirrorObject]
    whole: bool


def connected(visit: Visit) -> bool:
    """The mode to read in.

    Raises:
        Absent: Stripe is not connected.
    """
    if visit.shell.stripe is None:
        raise Absent("integration_absent", "Stripe is not connected.", remedy="Connect it under Integrations.")
    return visit.shell.stripe.livemode


async def listing(visit: Visit, object_type: str) -> Page[MirrorObject]:
    """The page of the list that the address asks for, by `q` and `cursor`."""
    if visit.shell.stripe is None:
        return Page([])
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.list(
            tx,
            object_type,
            livemode=visit.shell.stripe.livemode,
            search=visit.query("q") or None,
            cursor=visit.query("cursor") or None,
            limit=PAGE,
        )


async def one(visit: Visit, object_type: str, object_id: str) -> MirrorObject:
    """One object; raises Absent if the mirror has none."""
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.get(tx, object_type, object_id, livemode=livemode)


async def of_customer(visit: Visit, object_type: str, customer: str, limit: int = 10) -> Sequence[MirrorObject]:
    """A customer's newest objects of a type."""
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        page = await visit.house.mirror.list(
            tx, object_type, livemode=livemode, filters={"customer": customer}, limit=limit
        )
    return page.items


async def referring(
    visit: Visit,
    object_type: str,
    refers: Callable[[Mapping[str, Any]], bool],
    *,
    since: datetime | None,
    customer: str | None = None,
) -> Related:
    """Objects made since then whose body refers to another one; a customer narrows what is looked at."""
    livemode, found, cursor = connected(visit), list[MirrorObject](), None
    filters: dict[str, Any] = {"created_from": since} if since else {}
    if customer:
        filters["customer"] = customer
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        for _ in range(_LOOKS):
            page = await visit.house.mirror.list(
                tx, object_type, livemode=livemode, filters=filters, cursor=cursor, limit=_LOOKED_AT
            )
            found += [row for row in page.items if refers(row.body)]
            cursor = page.next_cursor
            if cursor is None:
                break
    return Related(found, cursor is None)


async def customer_names(visit: Visit, ids: Iterable[str]) -> Mapping[str, str]:
    """What to call these customers, for those the mirror has."""
    names: dict[str, str] = {}
    wanted = {customer for customer in ids if customer}
    if not wanted:
        return names
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        for customer in wanted:
            try:
                row = await visit.house.mirror.get(tx, "customer", customer, livemode=livemode)
            except Absent:
                continue  # not mirrored yet: the page shows the id in its place
            names[customer] = stripe_words.customer_name(row.body)
    return names


async def progress(visit: Visit) -> Sequence[Progress]:
    """How far the first reading of each type is, in the connected mode."""
    if visit.shell.stripe is None:
        return []
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.backfill_progress(tx, livemode=visit.shell.stripe.livemode)


async def filling(visit: Visit) -> bool:
    """Whether the first reading is still under way."""
    return any(not row.over for row in await progress(visit))
