"""What renews soon: which entitlements, when, and what of the notice before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tillwright.domains.entitlements import renew_soon, renewal_store
from tillwright.domains.entitlements.end_soon import days_left
from tillwright.domains.entitlements.model import Entitlement, SentRenewal
from tillwright.domains.entitlements.plans import Choices, Plans
from tillwright.domains.entitlements.renew_soon import Renewal
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class NextRenewal:
    """One that renews in `days_left` calendar days: its notice went out (`told`), has a turn (`notice`), or neither."""

    entitlement: Entitlement
    renews: datetime
    days_left: int
    told: SentRenewal | None
    notice: Renewal | None


class Renewals:
    def __init__(self, *, clock: Clock, database: Database, plans: Plans) -> None:
        self._clock = clock
        self._database = database
        self._plans = plans

    async def coming(
        self, principal: Principal, *, days: int = 30, limit: int = 1000, offset: int = 0
    ) -> tuple[Sequence[NextRenewal], int]:
        """A part of what renews by itself within so many days, the next first, and how many do; none without Stripe.

        Raises:
            Invalid: days out of range.
        """
        principal.require("entitlement:read")
        if not 1 <= days <= LONGEST_DAYS:
            raise Invalid(
                "days_out_of_range", f"Days are a whole number from 1 to {LONGEST_DAYS}.", field="days"
            )  # fmt: skip
        choices, now = await self._plans.of(principal.organisation_id), self._clock.now()
        if choices.livemode is None:
            return [], 0
        until = now + timedelta(days=days)
        async with self._database.tenant(principal.organisation_id) as tx:
            found, total = await renewal_store.between(tx, choices.livemode, now, until, limit, offset)
            told = {(t.entitlement_id, t.renews): t for t in await renewal_store.sent(tx, [e.id for e in found])}
        return [_next(e, told.get((e.id, e.renews or now)), choices, now) for e in found], total


def _next(entitlement: Entitlement, told: SentRenewal | None, choices: Choices, now: datetime) -> NextRenewal:
    renews, of = entitlement.renews or now, (entitlement, choices.renewals_of(entitlement), told is not None, now)
    notice = renew_soon.due(*of) or renew_soon.following(*of)
    return NextRenewal(entitlement, renews, days_left(renews, now, choices.zone), told, notice)
