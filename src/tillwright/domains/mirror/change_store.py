"""Following the mirror's changes, in the order their transactions began: the only SQL of it.

Each object carries the transaction that last changed it. A follower's place is behind the newest change it was given;
what is still being committed sorts behind it. An object that changes again moves on and comes again, in its newest
state: a follower misses no final state, and may miss one in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.store import as_object
from tillwright.gateways.database import Tx

# A partial index holds these types and no others, so that the many objects nobody follows cost nothing more: another
# type here is a new index in a migration.
FOLLOWED: LiteralString = (
    "object in ('subscription', 'subscription_schedule', 'invoice', 'payment_intent', "
    "'entitlements.active_entitlement_summary', 'customer', 'product', 'refund', 'dispute', 'invoice_payment')"
)


async def organisations(tx: Tx, follower: str) -> Sequence[str]:
    """Those with changes that this follower was not given yet."""
    rows = await tx.execute("select organisation_id from organisations_with_changed_objects(%s)", (follower,))
    return [row["organisation_id"] async for row in rows]


async def hold(tx: Tx, organisation_id: str, follower: str) -> Mapping[str, Any] | None:
    """The follower's place, kept from others until the transaction ends; None if another process holds it."""
    await tx.execute(
        "insert into mirror_followers (organisation_id, follower) values (%s, %s) on conflict do nothing",
        (organisation_id, follower),
    )
    held = await tx.execute(
        "select changed::text, object, id, livemode from mirror_followers where organisation_id = %s "
        "and follower = %s for update skip locked",
        (organisation_id, follower),
    )
    return await held.fetchone()


async def next_changes(tx: Tx, organisation_id: str, follower: str, limit: int) -> Sequence[MirrorObject]:
    """The next objects, deleted ones too, with the follower's place moved behind them in the caller's transaction.

    Nothing if another process holds the place just now.
    """
    place = await hold(tx, organisation_id, follower)
    if place is None:
        return []
    rows = await (
        await tx.execute(
            f"select *, changed::text as changed_in from mirror_objects where organisation_id = %s and {FOLLOWED} "  # noqa: S608 - a constant
            "and changed < pg_snapshot_xmin(pg_current_snapshot()) "
            "and (changed, object, id, livemode) > (%s::xid8, %s, %s, %s) "
            "order by changed, object, id, livemode limit %s",
            (organisation_id, place["changed"], place["object"], place["id"], place["livemode"], limit),
        )
    ).fetchall()
    if rows:
        last = rows[-1]
        await tx.execute(
            "update mirror_followers set changed = %s::xid8, object = %s, id = %s, livemode = %s "
            "where organisation_id = %s and follower = %s",
            (last["changed_in"], last["object"], last["id"], last["livemode"], organisation_id, follower),
        )
    return [as_object(row) for row in rows]


async def start_over(tx: Tx, organisation_id: str, follower: str) -> None:
    """Give the follower every object again."""
    await tx.execute(
        "delete from mirror_followers where organisation_id = %s and follower = %s", (organisation_id, follower)
    )
