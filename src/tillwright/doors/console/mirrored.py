"""Reading the mirror for a page: always in the mode that is connected, and nothing while nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tillwright.domains.mirror.model import MirrorObject, Progress
from tillwright.doors.console import stripe_words
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Absent
from tillwright.kit.pages import Page

PAGE = 25
PART = 100
"""At most so many rows of a part of a page."""


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


async def page_of_customer(
    visit: Visit, object_type: str, customer: str, limit: int, cursor: str | None = None
) -> Page[MirrorObject]:
    """A customer's objects of a type, newest first."""
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.list(
            tx, object_type, livemode=livemode, filters={"customer": customer}, cursor=cursor, limit=limit
        )


async def of_customer(visit: Visit, object_type: str, customer: str, limit: int = 10) -> Sequence[MirrorObject]:
    """A customer's newest objects of a type."""
    return (await page_of_customer(visit, object_type, customer, limit)).items


async def of_intents(visit: Visit, object_type: str, intents: Sequence[str]) -> Sequence[MirrorObject]:
    """Charges, refunds or disputes of these payments (see `Mirror.of_intents`), newest first."""
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.of_intents(tx, object_type, intents, livemode=livemode)


async def of_coupon(visit: Visit, object_type: str, coupon: str) -> Sequence[MirrorObject]:
    """Promotion codes, discounts or customers that name this coupon, newest first; at most `PART`."""
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.of_coupon(tx, object_type, coupon, livemode=livemode, limit=PART)


async def customer_names(visit: Visit, ids: Iterable[str]) -> Mapping[str, str]:
    """What to call these customers, for those the mirror has."""
    wanted = sorted({customer for customer in ids if customer})
    if not wanted:
        return {}
    livemode = connected(visit)
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        rows = await visit.house.mirror.of_ids(tx, "customer", wanted, livemode=livemode)
    return {id: stripe_words.customer_name(row.body) for id, row in rows.items()}


async def progress(visit: Visit) -> Sequence[Progress]:
    """How far the first reading of each type is, in the connected mode."""
    if visit.shell.stripe is None:
        return []
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        return await visit.house.mirror.backfill_progress(tx, livemode=visit.shell.stripe.livemode)


async def filling(visit: Visit) -> bool:
    """Whether the first reading is still under way."""
    return any(not row.over for row in await progress(visit))
