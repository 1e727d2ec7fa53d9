"""Access is taken back at Stripe: its Connect endpoint tells us over HTTP, and what we had of the account is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from tests.domains.connections.conftest import CLIENT, Linked
from tests.domains.webhooks.conftest import sign
from tests.journeys.plant import free_port
from tests.serving import serving
from tillwright.domains.mirror import Mirror
from tillwright.domains.webhooks import Webhooks
from tillwright.domains.webhooks.endpoint import store
from tillwright.domains.webhooks.endpoint.kinds import DEPARTURE
from tillwright.doors.api import intake
from tillwright.kit import ids
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Seal, Secret
from tillwright_sandbox.world import ACME, NORTHWIND


@dataclass
class Told:
    """The room with ears: Stripe's deliveries arrive over HTTP and are applied."""

    linked: Linked
    webhooks: Webhooks
    client: httpx.AsyncClient

    @property
    def organisation(self) -> str:
        return self.linked.ada.organisation_id

    def at_stripe(self) -> list[dict[str, Any]]:
        """The endpoints there, whose `connect` the sandbox knows but never shows."""
        sandbox = self.linked.rooms.sandbox
        found = sandbox.http("GET", "/v1/webhook_endpoints?limit=100").json()["data"]
        return [each | {"connect": sandbox.world.webhooks.endpoints[each["id"]].connect} for each in found]

    def connect_endpoint(self) -> dict[str, Any]:
        (found,) = [each for each in self.at_stripe() if each["connect"]]
        return found

    async def client_id(self, text: str) -> None:
        rooms = self.linked.rooms
        version = (await rooms.integrations.get(rooms.principal)).version
        wanted = {"connect_client_id": text}
        await rooms.integrations.update(rooms.principal, expected_version=version, settings=wanted)
        await self.webhooks.registration_step()

    async def arrived(self, event_type: str = DEPARTURE) -> None:
        """Wait until the delivery is stored; then what follows from it is done."""
        for left in range(400, -1, -1):
            async with self.linked.rooms.database.tenant(self.organisation) as tx:
                found = await self.webhooks.list(tx, livemode=False, event_type=event_type)
            if found.items:
                break
            assert left, "nothing was delivered"
            await asyncio.sleep(0.02)
        await self.webhooks.apply_pending()
        await self.linked.connections.step()

    async def deliver(self, event: dict[str, Any], *, secret: str | None = None) -> httpx.Response:
        """Somebody calls the Connect address, with its secret or another."""
        world, mine = self.linked.rooms.sandbox.world, self.connect_endpoint()
        body = orjson.dumps(event)
        key = world.webhooks.endpoints[mine["id"]].secrets[0] if secret is None else secret
        header = sign(body, key, to_unix(self.linked.rooms.clock.now())).decode()
        return await self.client.post(mine["url"], content=body, headers={"Stripe-Signature": header})


@pytest.fixture
async def told(linked: Linked, seal: Seal) -> AsyncIterator[Told]:
    async with listening(linked, seal) as told:
        await linked.rooms.verification.verify(linked.rooms.principal)
        await told.webhooks.registration_step()
        yield told


@contextlib.asynccontextmanager
async def listening(linked: Linked, seal: Seal, *, reachable: bool = True) -> AsyncIterator[Told]:
    rooms, port = linked.rooms, free_port()
    ports = {"clock": rooms.clock, "database": rooms.database, "reader": rooms.reader}
    webhooks = Webhooks(
        integrations=rooms.integrations,
        mirror=Mirror(keys=rooms.integrations, **ports),  # type: ignore[arg-type]
        writer=rooms.writer,
        seal=seal,
        public_url=f"http://127.0.0.1:{port}",
        reachable=reachable,
        **ports,  # type: ignore[arg-type]
    )
    async with serving(Starlette(routes=intake.routes(webhooks)), port=port) as client:
        yield Told(linked, webhooks, client)
        await webhooks.close()


def departure(number: int, **changes: Any) -> dict[str, Any]:
    made = {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": "2026-08-26.dahlia",
        "type": DEPARTURE,
        "created": 1_800_000_000,
        "livemode": False,
        "account": ACME,
        "data": {"object": {"id": CLIENT, "object": "application", "name": "Northwind"}},
    }
    return made | changes


async def test_with_a_client_id_there_are_two_endpoints_and_without_one_again(told: Told) -> None:
    own, connect = sorted(told.at_stripe(), key=lambda each: each["connect"])
    assert (own["connect"], own["enabled_events"]) == (False, ["*"])
    assert (connect["connect"], connect["enabled_events"]) == (True, [DEPARTURE])
    assert own["url"] != connect["url"]
    (shown,) = await told.webhooks.endpoints(told.organisation)
    assert shown.stripe_id == own["id"]
    for _ in range(2):  # looked at again, nothing is made or changed
        told.linked.rooms.clock.move(store.CHECK.total_seconds() + 1)
        assert await told.webhooks.registration_step() == 2
    assert {each["id"] for each in told.at_stripe()} == {own["id"], connect["id"]}

    await told.client_id("")
    assert [each["id"] for each in told.at_stripe()] == [own["id"]]
    assert await told.webhooks.connect_endpoint(told.organisation, livemode=False) is None
    await told.client_id(CLIENT)
    assert told.connect_endpoint()["id"] != connect["id"]


async def test_what_somebody_did_to_it_is_mended_and_the_other_is_left(told: Told) -> None:
    connect, sandbox = told.connect_endpoint(), told.linked.rooms.sandbox
    path = f"/v1/webhook_endpoints/{connect['id']}"
    sandbox.http("POST", path, data={"disabled": "true", "enabled_events[0]": "*", "url": "http://127.0.0.1:1/x"})
    told.linked.rooms.clock.move(store.CHECK.total_seconds() + 1)
    await told.webhooks.registration_step()
    mended = told.connect_endpoint()
    assert (mended["id"], mended["status"], mended["enabled_events"]) == (connect["id"], "enabled", [DEPARTURE])
    assert "/webhooks/stripe/" in mended["url"]
    sandbox.http("DELETE", path)
    told.linked.rooms.clock.move(store.CHECK.total_seconds() + 1)
    await told.webhooks.registration_step()
    assert told.connect_endpoint()["id"] != connect["id"]
    assert len(told.at_stripe()) == 2


async def test_removal_takes_both_away(told: Told) -> None:
    assert await told.webhooks.unregister(told.organisation) == 2
    assert told.at_stripe() == []
    async with told.linked.rooms.database.tenant(told.organisation) as tx:
        await told.webhooks.forget(tx, told.organisation)
    assert await told.linked.count("webhook_endpoints") == 0


async def test_another_secret_for_both(told: Told) -> None:
    before = {each["id"] for each in told.at_stripe()}
    await told.webhooks.rotate_secret(told.linked.rooms.principal)
    await told.webhooks.registration_step()
    after = {each["id"] for each in told.at_stripe()}
    assert (len(after), after & before) == (2, set())


async def test_a_revocation_at_stripe_ends_everything_at_once(told: Told) -> None:
    linked = told.linked
    await linked.connect()
    await (await linked.connections.read(linked.ada, why="a test")).all("/v1/customers")
    assert [await linked.count(each) for each in ("connections", "connection_cache")] == [1, 1]
    linked.rooms.sandbox.world.connect.revoke(NORTHWIND, ACME, False)
    await told.arrived()
    assert [await linked.count(each) for each in ("connections", "connection_cache")] == [0, 0]
    with pytest.raises(Absent):
        await linked.connections.read(linked.ada, why="a test")
    (notice,) = await linked.connections.notices(linked.ada)
    assert "taken back at Stripe" in notice.sentence
    assert await linked.connections.revocations(linked.ada) == [], "nothing is owed at Stripe"


async def test_what_others_send_ends_nothing(told: Told) -> None:
    linked, own = told.linked, told.at_stripe()
    await linked.connect()
    secrets = linked.rooms.sandbox.world.webhooks.endpoints
    others = next(secrets[each["id"]].secrets[0] for each in own if not each["connect"])
    for number, (changes, secret, status) in enumerate(
        [
            ({}, "whsec_guessed", 400),
            ({}, others, 400),  # signed by the account's own endpoint
            ({"account": None}, None, 400),
            ({"livemode": True}, None, 400),
            ({"type": "customer.created"}, None, 400),
        ]
    ):
        answer = await told.deliver(departure(number, **changes), secret=secret)
        assert answer.status_code == status, (changes, answer.text)
    assert (await told.deliver(departure(50, account="acct_somebodyelse0000"))).status_code == 200
    assert (await told.deliver(departure(51, account="acct_somebodyelse0000"))).status_code == 200
    assert (await told.deliver(departure(51, account="acct_somebodyelse0000"))).json()["duplicate"] is True
    await told.arrived()
    assert await linked.count("connections") == 1
    assert await linked.count("stripe_events") == 2


async def test_a_live_connect_endpoint_takes_test_events_too(told: Told, seal: Seal) -> None:
    """As Stripe sends them; the event's own mode decides which link ends."""
    token, secret, rooms = ids.token(), "whsec_live", told.linked.rooms
    async with rooms.database.tenant(told.organisation) as tx:
        at = rooms.clock.now()
        await store.want(tx, told.organisation, True, NORTHWIND, at, connect=True)
        row = await store.claim(tx, told.organisation, True, "lease", at, connect=True)
        assert row is not None
        given = {"stripe_id": "we_live", "url": "http://x/", "token": token, "secret": Secret(secret)}
        assert await store.activate(tx, row, "lease", seal=seal, at=at, **given)  # type: ignore[arg-type]
    await told.linked.connect()
    body = orjson.dumps(departure(1))
    header = sign(body, secret, to_unix(rooms.clock.now())).decode()
    answer = await told.client.post(f"/webhooks/stripe/{token}", content=body, headers={"Stripe-Signature": header})
    assert answer.status_code == 200, answer.text
    await told.arrived()
    assert await told.linked.count("connections") == 0


async def test_behind_no_public_address_it_says_so_and_the_look_stays(linked: Linked, seal: Seal) -> None:
    async with listening(linked, seal, reachable=False) as told:
        await linked.rooms.verification.verify(linked.rooms.principal)
        await told.webhooks.registration_step()
        mine = await told.webhooks.connect_endpoint(told.organisation, livemode=False)
        assert mine is not None
        assert mine.error is not None
        assert (mine.state, mine.error["code"]) == ("WANTED", "public_address_missing")
        await linked.connect()
        linked.rooms.sandbox.world.connect.revoke(NORTHWIND, ACME, False)
        linked.rooms.clock.move(601)
        await linked.connections.step()
        assert await linked.count("connections") == 0
