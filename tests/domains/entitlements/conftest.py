"""A connected organisation whose mirror follows the sandbox, both at the same moment of the same virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from tests.domains.events_told import untold
from tests.sandbox.conftest import Sandbox, plain
from tests.sandbox.shop import Shop
from tillwright.domains.entitlements import Entitlement
from tillwright.domains.mirror import EventCopy
from tillwright.domains.tenancy import Principal
from tillwright.kit.clock import ManualClock, from_unix
from tillwright.kit.seal import Secret
from tillwright.wiring import House

DAY = 86_400


@dataclass
class Firm:
    """`keep_up` is what a worker does: take in Stripe's events, derive, sweep."""

    house: House
    principal: Principal
    sandbox: Sandbox
    clock: ManualClock
    shop: Shop
    seen: set[str] = field(default_factory=set)

    @property
    def organisation_id(self) -> str:
        return self.principal.organisation_id

    async def pass_days(self, days: float) -> None:
        """For both worlds, then the worker's part of it."""
        self.shop.pass_days(days)
        self.clock.move(days * DAY)
        await self.keep_up()

    async def keep_up(self, *, sweep: bool = True) -> None:
        events = [plain(event) for event in self.sandbox.client.v1.events.list({"limit": 100}).auto_paging_iter()]
        fresh = [event for event in reversed(events) if event["id"] not in self.seen]
        self.seen |= {event["id"] for event in fresh}
        async with self.house.database.tenant(self.organisation_id) as tx:
            await self.house.mirror.apply(tx, self.organisation_id, [self.copy(event) for event in fresh])
        await self.follow()
        while sweep and await self.house.entitlements.sweep_step():
            pass

    async def follow(self) -> None:
        while await self.house.entitlements.follow_step():
            pass

    def copy(self, event: dict[str, Any]) -> EventCopy:
        body = event["data"]["object"]
        return EventCopy(
            livemode=False, object=body["object"], id=body.get("id") or body["customer"], account_id="acct_1",
            event_id=event["id"], event_type=event["type"], created=from_unix(event["created"]),
            received=from_unix(event["created"] + 1), foreign=False, body=body,
        )  # fmt: skip

    async def all(self) -> list[Entitlement]:
        found, _ = await self.house.entitlements.find(self.principal, limit=1000)
        return list(found)

    async def one(self) -> Entitlement:
        (found,) = await self.all()
        return found

    async def spine(self) -> list[tuple[str, dict[str, Any]]]:
        """What is told of entitlements, oldest first: (action, data)."""
        async with self.house.database.tenant(self.organisation_id) as tx:
            rows = await tx.execute("select name, data from spine_events where name like 'entitlement:%' order by id")
            return [(row["name"].rsplit(":", 1)[1], row["data"]) for row in await rows.fetchall()]

    async def told(self) -> list[str]:
        return [action for action, _ in await self.spine()]

    async def notices(self) -> list[dict[str, Any]]:
        return [data for action, data in await self.spine() if action == "end_soon"]

    async def warn(self, days: int = 30, *, on: bool = True) -> None:
        """The integration's switch, and what the spine makes of it."""
        integration = await self.house.integrations.of(self.organisation_id)
        settings = {"enable_entitlement_end_soon_notification": on, "days_before_entitlement_end": days}
        await self.house.integrations.update(self.principal, expected_version=integration.version, settings=settings)
        await self.replan()

    async def replan(self) -> None:
        from tillwright.doors.worker import Relay

        relay = Relay(self.house.database, "entitlements", self.house.entitlements.replan)
        while await relay.step():
            pass

    async def until(self, moment: datetime) -> None:
        """Hour by hour, as a worker would look; the sandbox follows at the end."""
        while self.clock.now() < moment:
            self.clock.move(3600)
            while await self.house.entitlements.sweep_step():
                pass


@pytest.fixture
async def firm(house: House, stripe_sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[Firm]:
    stripe_sandbox.world.clock.freeze()
    stripe_sandbox.world.clock.start_at(clock.now().timestamp())
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "correct horse battery")
    await house.integrations.connect(
        principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    yield Firm(house, principal, stripe_sandbox, clock, Shop(stripe_sandbox))
    assert await untold(house.database, principal.organisation_id) == []
