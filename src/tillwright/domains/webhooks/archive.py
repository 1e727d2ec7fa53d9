"""Stripe's events as they were stored, for a caller: searched, and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import store
from tillwright.domains.webhooks.model import StripeEvent
from tillwright.domains.webhooks.places import behind, place
from tillwright.gateways.database import Database, Tx
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.pages import Page, page_of

LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Asked:
    """What a list of events is narrowed by; everything may be left out.

    `event_type` may hold `*`, as in `invoice.*`. `object_id`: only events about this object; if it is a customer, about
    what belongs to it too. `since`, `until`: when they happened, the second one exclusive. `livemode`: the connected
    mode if None.
    """

    event_type: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    livemode: bool | None = None


class Archive:
    """Each verb checks the right."""

    def __init__(self, *, database: Database, integrations: Integrations, mirror: Mirror) -> None:
        self._database = database
        self._integrations = integrations
        self._mirror = mirror

    async def list(
        self, principal: Principal, asked: Asked, *, cursor: str | None = None, limit: int = 50
    ) -> Page[StripeEvent]:
        """The newest arrival first; narrowed by when they happened, what happened last comes first.

        Empty while Stripe is not connected and no mode is named.

        Raises:
            Denied: the caller may not.
            Invalid: a time without its zone, a cursor of another list, a limit out of range.
        """
        principal.require("mirror:read")
        if not 1 <= limit <= LARGEST_PAGE:
            raise Invalid("limit_invalid", f"{limit} is no page size.", field="limit", remedy=f"1 to {LARGEST_PAGE}.")
        for name, moment in (("since", asked.since), ("until", asked.until)):
            if moment is not None and moment.tzinfo is None:
                raise Invalid(
                    "time_without_zone", "This time says no zone.", field=name, remedy="Write 2027-01-15T12:00:00Z."
                )
        by_time = asked.since is not None or asked.until is not None
        async with self._database.tenant(principal.organisation_id) as tx:
            livemode = asked.livemode
            if livemode is None:
                livemode = await self._integrations.livemode_of(tx, principal.organisation_id)
            if livemode is None:
                return Page([])
            found = await store.page(
                tx, livemode, event_type=asked.event_type, since=asked.since, until=asked.until,
                object_ids=await self._about(tx, asked.object_id, livemode) if asked.object_id else None,
                behind=behind(cursor, by_time=by_time), limit=limit + 1,
            )  # fmt: skip
        return page_of(found, limit, lambda event: place(event, by_time=by_time))

    async def get(self, principal: Principal, event_id: str) -> StripeEvent:
        """One stored event, of either mode.

        Raises:
            Denied: the caller may not.
            Absent: there is none of this id.
        """
        principal.require("mirror:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await store.get(tx, event_id)
        if found is None:
            raise Absent(
                "stripe_event_absent",
                f"There is no event {event_id[:80]} here.",
                field="id",
                remedy="Events are kept for a while only (TILLWRIGHT_EVENT_DAYS); check the id.",
            )
        return found

    async def _about(self, tx: Tx, object_id: str, livemode: bool) -> Sequence[str]:
        if not object_id.startswith("cus_"):
            return [object_id]
        return [object_id, *await self._mirror.ids_of_customer(tx, object_id, livemode=livemode)]
