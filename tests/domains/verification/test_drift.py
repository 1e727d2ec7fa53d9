"""A connection that stops working is found out by itself: by its next refused call, or by the schedule."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification.permissions import wanted_rights
from tillwright.domains.verification.service import AGAIN, EVERY
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House


@dataclass
class Scene:
    house: House
    sandbox: Sandbox
    clock: ManualClock
    principal: Principal
    secret: str

    @property
    def key(self):
        return self.sandbox.world.keys.named(self.secret)

    async def status(self) -> str:
        return (await self.house.integrations.get(self.principal)).status

    async def look(self) -> int:
        """What the worker does each second, until nothing is left."""
        looked = 0
        # Waiting takes no time here, and budgets refill in real time: each look begins with full ones.
        async with self.house.database.open() as tx:
            await tx.execute("delete from rate_buckets")
        while found := await self.house.verification.step():
            looked += found
        return looked

    async def events(self) -> list[tuple[str, dict]]:
        async with self.house.database.tenant(self.principal.organisation_id) as tx:
            rows = await (await tx.execute("select name, data from spine_events order by id")).fetchall()
        return [(row["name"], row["data"]) for row in rows if row["name"].startswith("integration:")]

    async def call(self) -> None:
        """Any call of ours, as a workflow or the mirror would make one."""
        access = await self.house.integrations.access(self.principal.organisation_id)
        await self.house.reader.get(access, "/v1/coupons", {"limit": 1})


@pytest.fixture
async def scene(house: House, stripe_sandbox: Sandbox, clock: ManualClock) -> Scene:
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
    rights = [right.removeprefix("rak_") for right in wanted_rights()]
    secret = stripe_sandbox.world.keys.create(stripe_sandbox.account, False, rights).secret
    await house.integrations.connect(
        principal, publishable_key=stripe_sandbox.publishable_key, secret_key=Secret(secret)
    )
    assert (await house.verification.verify(principal)).verified
    return Scene(house, stripe_sandbox, clock, principal, secret)


@pytest.mark.parametrize(
    ("lose", "says"),
    [
        (lambda key: setattr(key, "status", "revoked"), "rolled or revoked"),
        (lambda key: setattr(key, "status", "expired"), "has expired"),
        (lambda key: setattr(key, "rights", key.rights - {"coupon_write", "coupon_read"}), "rak_coupon_write"),
    ],
    ids=["rolled", "expired", "fewer rights"],
)
async def test_the_first_refused_call_turns_the_status(scene: Scene, lose, says: str) -> None:
    assert await scene.look() == 0, "nothing is due"
    lose(scene.key)
    with pytest.raises(StripeFailure):
        await scene.call()
    scene.clock.move(1)
    assert await scene.look() == 1
    assert await scene.status() == "NOT_VERIFIED"
    name, data = (await scene.events())[-1]
    assert name == "integration:STRIPE:not_verified"
    assert says in data["reasons"][0]
    assert data["changes"]
    assert await scene.look() == 0


async def test_the_schedule_finds_what_no_call_did_and_says_so_once(scene: Scene) -> None:
    scene.clock.move(EVERY.total_seconds())
    assert await scene.look() == 1
    assert len(await scene.house.verification.history(scene.principal.organisation_id)) == 1, (
        "nothing new, nothing kept"
    )
    before = len(await scene.events())
    scene.key.rights = scene.key.rights - {"quote_write"}
    scene.clock.move(EVERY.total_seconds())
    assert await scene.look() == 1
    assert await scene.status() == "NOT_VERIFIED"
    scene.clock.move(EVERY.total_seconds())
    assert await scene.look() == 1
    assert len(await scene.events()) == before + 1
    scene.key.rights = scene.key.rights | {"quote_write"}
    scene.clock.move(EVERY.total_seconds())
    await scene.look()
    assert await scene.status() == "VERIFIED", "mended at Stripe, and seen by itself"
    assert [name for name, _ in await scene.events()][-2:] == [
        "integration:STRIPE:not_verified",
        "integration:STRIPE:verified",
    ]


async def test_a_right_nobody_needs_is_no_alarm(scene: Scene) -> None:
    access = await scene.house.integrations.access(scene.principal.organisation_id)
    for _ in range(5):
        with pytest.raises(StripeFailure):
            await scene.house.reader.get(access, "/v1/account")
        scene.clock.move(5)
        await scene.look()
    assert await scene.status() == "VERIFIED"
    requests = (await scene.house.verification.history(scene.principal.organisation_id))[0].requests
    assert scene.sandbox.world.ledger.gets < 5 * requests, "one look for all these refusals, and not one each"
    scene.key.status = "revoked"
    scene.clock.move(600)
    with pytest.raises(StripeFailure):
        await scene.call()
    await scene.look()
    assert await scene.status() == "NOT_VERIFIED"


async def test_a_stripe_that_is_away_is_no_drift(scene: Scene) -> None:
    scene.sandbox.world.faults.add(kind="status", status=503)
    scene.clock.move(EVERY.total_seconds())
    assert await scene.house.verification.step() == 1
    assert await scene.status() == "VERIFIED", "silence proves nothing"
    scene.sandbox.world.faults.clear()
    scene.key.status = "revoked"
    scene.clock.move(AGAIN.total_seconds())
    assert await scene.look() == 1, "asked again within the minute"
    assert await scene.status() == "NOT_VERIFIED"


async def test_a_key_of_another_account(scene: Scene) -> None:
    scene.key.account = "acct_acmesandbox0000"
    scene.key.rights = scene.key.rights | {"connected_account_read"}
    scene.clock.move(EVERY.total_seconds())
    await scene.look()
    assert await scene.status() == "NOT_VERIFIED"
    assert "belongs to account acct_acmesandbox0000" in (await scene.events())[-1][1]["reasons"][0]


@pytest.mark.parametrize("fate", ["disabled", "deleted"])
async def test_a_lost_endpoint_turns_the_status_and_is_mended_by_itself(scene: Scene, fate: str) -> None:
    webhooks, organisation = scene.house.webhooks, scene.principal.organisation_id
    await webhooks.registration_step()
    (endpoint,) = await webhooks.endpoints(organisation)
    await scene.look()
    scene.clock.move(EVERY.total_seconds())
    await scene.look()
    report = await scene.house.verification.latest(organisation)
    assert report is not None
    assert report.endpoint == "enabled"
    path = f"/v1/webhook_endpoints/{endpoint.stripe_id}"
    if fate == "disabled":
        scene.sandbox.http("POST", path, data={"disabled": "true"})
    else:
        scene.sandbox.http("DELETE", path)
    scene.clock.move(EVERY.total_seconds())
    await scene.look()
    assert await scene.status() == "NOT_VERIFIED"
    assert fate in (await scene.events())[-1][1]["reasons"][0]
    assert await webhooks.registration_step() == 1
    await scene.look()
    assert await scene.status() == "VERIFIED"
    (found,) = scene.sandbox.http("GET", "/v1/webhook_endpoints").json()["data"]
    assert found["status"] == "enabled"
    latest = await scene.house.verification.latest(organisation)
    assert latest is not None
    assert any("webhook endpoint" in said for said in latest.changes)


async def test_two_workers_look_once(scene: Scene) -> None:
    scene.clock.move(EVERY.total_seconds() + timedelta(seconds=1).total_seconds())

    looked = await asyncio.gather(*(scene.house.verification.step() for _ in range(3)))
    assert sum(looked) == 1


async def test_deleted_is_looked_at_no_more(scene: Scene) -> None:
    await scene.house.removal.delete_integration(scene.principal)
    scene.clock.move(EVERY.total_seconds())
    assert await scene.look() == 0
    async with scene.house.database.tenant(scene.principal.organisation_id) as tx:
        left = await (await tx.execute("select count(*) as n from verification_watches")).fetchone()
    assert left is not None
    assert left["n"] == 0
