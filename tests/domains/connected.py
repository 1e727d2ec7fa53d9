"""The rooms that speak Stripe, wired to a real database and a sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.domains.billing import Effects
from tillwright.domains.integrations import Credentials, Integration, Integrations
from tillwright.domains.removal import Removal
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import Rotation, Verification
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.gateways.stripe.retry import RetryPolicy
from tillwright.kit.clock import ManualClock, SystemClock
from tillwright.kit.seal import Seal, Secret


@dataclass
class Rooms:
    """`clock` starts at the sandbox's own time; its waits take none."""

    principal: Principal
    sandbox: Sandbox
    database: Database
    clock: ManualClock
    reader: LiveReader
    writer: LiveWriter
    integrations: Integrations
    verification: Verification
    rotation: Rotation
    effects: Effects
    removal: Removal

    async def connect(self, publishable: str | None = None, secret: str | None = None) -> Integration:
        return await self.integrations.connect(
            self.principal,
            publishable_key=publishable or self.sandbox.publishable_key,
            secret_key=Secret(secret or self.sandbox.restricted_key),
        )

    @property
    def writes(self) -> int:
        """How many writes took effect at Stripe."""
        return len(self.sandbox.world.ledger.writes)

    async def rows(self, query: str, organisation: str | None = None) -> list[dict]:
        async with self.database.tenant(organisation or self.principal.organisation_id) as tx:
            return await (await tx.execute(query)).fetchall()  # type: ignore[arg-type]


@pytest.fixture
async def rooms(database: Database, organisation: str, seal: Seal, stripe_sandbox: Sandbox) -> AsyncIterator[Rooms]:
    clock = ManualClock(SystemClock().now())
    policy = RetryPolicy(tries=3)
    reader = LiveReader(stripe_sandbox.url, limits=NoLimits(), clock=clock, policy=policy)
    writer = LiveWriter(stripe_sandbox.url, limits=NoLimits(), clock=clock, policy=policy)
    ports = {"reader": reader, "writer": writer, "database": database, "clock": clock}
    integrations = Integrations(credentials=Credentials(seal), **ports)
    verification = Verification(integrations=integrations, **ports)
    effects = Effects(integrations=integrations, **ports)
    yield Rooms(
        principal=Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN"),
        sandbox=stripe_sandbox,
        database=database,
        clock=clock,
        reader=reader,
        writer=writer,
        integrations=integrations,
        verification=verification,
        rotation=Rotation(database=database, integrations=integrations, verification=verification),
        effects=effects,
        removal=Removal(
            database=database, clock=clock, integrations=integrations, verification=verification, effects=effects
        ),
    )
    await reader.close()
    await writer.close()
