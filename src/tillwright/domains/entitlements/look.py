"""What a moment brings an entitlement: its beginning, its end, a notice; and when to look at it again. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tillwright.domains.entitlements import end_soon, renew_soon
from tillwright.domains.entitlements.end_soon import Notice, Plan
from tillwright.domains.entitlements.model import OVER, RUNNING, Entitlement, Status
from tillwright.domains.entitlements.renew_soon import OFF, Renewal

OURS = ("MANUAL", "PURCHASE")
"""The kinds that begin and end by the clock alone; of the others Stripe says when they do."""


@dataclass(frozen=True, slots=True)
class Look:
    """`check` is None where nothing is left to be looked at."""

    status: Status
    notice: Notice | None
    check: datetime | None
    renewal: Renewal | None = None


def look(
    entitlement: Entitlement,
    plan: Plan,
    sent: Collection[int],
    now: datetime,
    *,
    renewals: Plan = OFF,
    told: bool = False,
) -> Look:
    """Args: sent: the offsets that went out for the present end; told: the present period's renewal was told of."""
    status = _status(entitlement, now)
    end = entitlement.end
    if status in RUNNING and end is None:
        return _renewing(entitlement, status, renewals, told, now)
    if status not in RUNNING or end is None:
        return Look(status, None, _check(entitlement, status, now))
    notice = end_soon.due(end, plan, sent, now)
    gone = [*sent, notice.offset] if notice else sent
    coming = end_soon.following(end, plan, gone, now)
    times = [time for time in (coming.at if coming else None, _check(entitlement, status, now)) if time is not None]
    return Look(status, notice, min(times, default=None))


def _renewing(entitlement: Entitlement, status: Status, plan: Plan, told: bool, now: datetime) -> Look:
    renewal = renew_soon.due(entitlement, plan, told, now)
    coming = renew_soon.following(entitlement, plan, told, now)
    return Look(status, None, coming.at if coming else _check(entitlement, status, now), renewal)


def wants_a_look(entitlement: Entitlement) -> bool:
    """Whether the clock alone can make something happen to it."""
    if entitlement.status in RUNNING:
        return entitlement.end is not None or entitlement.renews is not None
    return entitlement.kind in OURS and entitlement.status not in OVER


def _status(entitlement: Entitlement, now: datetime) -> Status:
    status = entitlement.status
    if entitlement.kind not in OURS or status in OVER:
        return status
    if entitlement.end is not None and entitlement.end <= now:
        return "CANCELLED"
    return "ACTIVE" if status == "PENDING_START" and entitlement.start <= now else status


def _check(entitlement: Entitlement, status: Status, now: datetime) -> datetime | None:
    """The next time that its status changes by the clock."""
    if entitlement.kind not in OURS or status in OVER:
        return None
    if status == "PENDING_START":
        return entitlement.start
    return entitlement.end if entitlement.end is not None and entitlement.end > now else None
