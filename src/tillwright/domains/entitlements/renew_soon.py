"""When the notice before a renewal is due: once a period, N days before it renews. Pure.

It has nothing to do with the notices before an end: a switch, days, a scope and a record of its own. The period is
known by the moment it renews; a period that is moved is another one. Where N is longer than the period, its notice is
due as soon as the period begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tillwright.domains.entitlements.end_soon import Plan, days_left, moment
from tillwright.domains.entitlements.model import RUNNING, Entitlement

OFF = Plan(1, UTC, on=False)


@dataclass(frozen=True, slots=True)
class Renewal:
    """The one notice of a period: the period `renews` then, the notice's turn is `at`, in `days_left` calendar days."""

    renews: datetime
    at: datetime
    days_left: int


def due(entitlement: Entitlement, plan: Plan, told: bool, now: datetime) -> Renewal | None:
    """The notice that has to go out now, if any.

    Args:
        plan: how many days before the renewal, by whose calendar, and whether at all.
        told: whether it went out for this period, under whatever plan that was.
    """
    renews = _renews(entitlement, plan, told, now)
    if renews is None or (at := moment(renews, plan.days, plan.zone)) > now:
        return None
    return Renewal(renews, at, days_left(renews, now, plan.zone))


def following(entitlement: Entitlement, plan: Plan, told: bool, now: datetime) -> Renewal | None:
    """The notice of the present period, if its turn is yet to come."""
    renews = _renews(entitlement, plan, told, now)
    if renews is None or (at := moment(renews, plan.days, plan.zone)) <= now:
        return None
    return Renewal(renews, at, days_left(renews, at, plan.zone))


def _renews(entitlement: Entitlement, plan: Plan, told: bool, now: datetime) -> datetime | None:
    """When it renews, where that is anything to tell of."""
    if told or not plan.on or entitlement.status not in RUNNING or not entitlement.auto_renew:
        return None
    renews = entitlement.renews
    return renews if renews is not None and renews > now else None
