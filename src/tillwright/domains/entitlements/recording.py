"""Writing a change of an entitlement down: its row, its term, and what the spine tells of it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.entitlements import store
from tillwright.domains.entitlements.changes import action_of, rfc3339, telling
from tillwright.domains.entitlements.look import wants_a_look
from tillwright.domains.entitlements.model import OVER, Entitlement, Term
from tillwright.domains.integrations.model import PARTNER
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Tx
from tillwright.kit import ids
from tillwright.kit.errors import Absent


async def save(
    tx: Tx, before: Entitlement | None, after: Entitlement, now: datetime, event_id: str | None = None
) -> Entitlement:
    """Store `after` if it differs from `before`; the sweep looks at it next, since its end may have moved.

    Args:
        event_id: Stripe's event that told of the change, if one did.

    Returns what is stored now.
    """
    if before is not None and before == after:
        return before
    checked = now if wants_a_look(after) else None
    after = replace(after, check=checked, version=after.version + (before is not None), updated=now)
    if before is None:
        if not await store.insert(tx, after):
            return after
    else:
        await store.update(tx, after)
    await _term(tx, before, after, now)
    action = action_of(before, after, now)
    if action is not None:
        told = _told(action, after) | {"stripeEventId": event_id}
        await events.record(tx, after.organisation_id, event_name(action), told, now)
    return after


async def get(tx: Tx, entitlement_id: str, *, lock: bool = False) -> Entitlement:
    """Raises Absent if there is none."""
    found = await store.get(tx, entitlement_id, lock=lock)
    if found is None:
        raise Absent("entitlement_absent", f"There is no entitlement {entitlement_id[:60]}.", field="entitlementId")
    return found


async def note(
    tx: Tx, principal: Principal, did: str, entitlement: Entitlement, said: Mapping[str, Any], now: datetime
) -> None:
    """The audit entry of what a person did."""
    action = f"user:entitlement:{did}"
    await audit.record(tx, principal.organisation_id, principal.actor, action, entitlement.id, dict(said), now)


def event_name(action: str) -> str:
    return f"entitlement:{PARTNER}:{action}"


def _told(action: str, after: Entitlement) -> dict[str, Any]:
    return telling(after, action, after.version, after.status, rfc3339(after.end))


async def _term(tx: Tx, before: Entitlement | None, after: Entitlement, now: datetime) -> None:
    """A new term begins when an entitlement does, renews, or changes its price or quantity."""
    if after.status in OVER:
        return
    kind = _kind_of_term(before, after)
    if kind is None:
        return
    renewed = kind == "AutoRenew" and before is not None
    start = before.renews if renewed and before and before.renews else (after.start if before is None else now)
    term = Term(
        id=ids.new("term"),
        entitlement_id=after.id,
        kind=kind,
        product_id=after.product_id,
        price_id=after.price_id,
        quantity=after.info.get("quantity"),
        start=start,
        end=after.end or after.renews,
        created=now,
    )
    await store.add_term(tx, after.organisation_id, term)


def _kind_of_term(before: Entitlement | None, after: Entitlement) -> str | None:
    if before is None or before.status in OVER:
        return "Signup"
    if before.price_id != after.price_id:
        return "PlanChange"
    if before.info.get("quantity") != after.info.get("quantity"):
        return "QuantityChange"
    if before.renews and after.renews and after.renews > before.renews:
        return "AutoRenew"
    if before.end and after.end and after.end > before.end:
        return "ManualRenew"
    return None
