"""A connected organisation, its webhook endpoint, and events that Stripe might have signed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.domains.integrations import Credentials, Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import Webhooks
from tillwright.domains.webhooks.endpoint import store as endpoints
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.kit import ids
from tillwright.kit.clock import Clock, ManualClock, SystemClock, to_unix
from tillwright.kit.seal import Seal, Secret

PUBLIC_URL = "http://127.0.0.1:8420"


def sign(body: bytes, secret: str, seconds: int) -> bytes:
    """The header Stripe would send."""
    proof = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={proof}".encode()


@dataclass
class Sender:
    """What Stripe is to one endpoint: it knows the address and the secret."""

    webhooks: Webhooks
    clock: Clock
    token: str
    secret: str
    livemode: bool = False

    def event(self, number: int, body: dict[str, Any] | None = None, **changes: Any) -> bytes:
        made = {
            "id": f"evt_{number}",
            "object": "event",
            "api_version": "2026-08-26.dahlia",
            "type": "customer.updated",
            "created": to_unix(self.clock.now()),
            "livemode": self.livemode,
            "data": {"object": body or {"id": f"cus_{number}", "object": "customer", "created": number}},
        }
        return orjson.dumps(made | changes)

    def header(self, body: bytes) -> bytes:
        return sign(body, self.secret, to_unix(self.clock.now()))

    async def send(self, body: bytes) -> Any:
        return await self.webhooks.accept(self.token, body, [self.header(body)])


async def listen(
    database: Database,
    seal: Seal,
    clock: Clock,
    webhooks: Webhooks,
    organisation: str,
    *,
    livemode: bool = False,
    account_id: str = "acct_1",
) -> Sender:
    """An active endpoint without a Stripe behind it."""
    token, secret = ids.token(), "whsec_" + ids.token(16)
    async with database.tenant(organisation) as tx:
        await endpoints.want(tx, organisation, livemode, account_id, clock.now())
        endpoint = await endpoints.claim(tx, organisation, livemode, "lease", clock.now())
        assert endpoint is not None
        assert await endpoints.activate(
            tx, endpoint, "lease", stripe_id="we_1", url=PUBLIC_URL, token=token, secret=Secret(secret), seal=seal,
            at=clock.now(),
        )  # fmt: skip
    return Sender(webhooks, clock, token, secret, livemode)


@dataclass
class Rooms:
    """The rooms this one stands on, wired to one Stripe."""

    reader: LiveReader
    writer: LiveWriter
    integrations: Integrations
    mirror: Mirror
    webhooks: Webhooks


def furnish(
    database: Database,
    clock: Clock,
    seal: Seal,
    api_base: str,
    public_url: str = PUBLIC_URL,
    *,
    reachable: bool = True,
) -> Rooms:
    limits = SharedLimits(database, SystemClock())
    reader = LiveReader(api_base, limits=limits, clock=SystemClock())
    writer = LiveWriter(api_base, limits=limits, clock=SystemClock())
    integrations = Integrations(
        database=database, clock=clock, credentials=Credentials(seal), reader=reader, writer=writer
    )
    mirror = Mirror(clock=clock, database=database, keys=integrations, reader=reader)
    webhooks = Webhooks(
        clock=clock, database=database, integrations=integrations, mirror=mirror, reader=reader, writer=writer,
        seal=seal, public_url=public_url, reachable=reachable,
    )  # fmt: skip
    return Rooms(reader, writer, integrations, mirror, webhooks)


async def connect(rooms: Rooms, sandbox: Sandbox, organisation: str) -> None:
    await rooms.integrations.connect(
        Principal.system(organisation, "test"),
        publishable_key=sandbox.publishable_key,
        secret_key=Secret(sandbox.restricted_key),
    )


@pytest.fixture
async def nowhere(database: Database, clock: ManualClock, seal: Seal) -> AsyncIterator[Rooms]:
    """The rooms with a Stripe that nobody answers for: intake needs none."""
    rooms = furnish(database, clock, seal, "http://127.0.0.1:9")
    yield rooms
    await rooms.webhooks.close()
    await rooms.reader.close()
    await rooms.writer.close()


@pytest.fixture
async def sender(database: Database, clock: ManualClock, seal: Seal, nowhere: Rooms, organisation: str) -> Sender:
    return await listen(database, seal, clock, nowhere.webhooks, organisation)
