"""Exactly one endpoint at Stripe for an integration and mode, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.domains.webhooks.conftest import Rooms, connect, furnish
from tests.sandbox.conftest import Sandbox
from tillwright.domains import events
from tillwright.domains.webhooks.endpoint import service, store
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import Facts, StripeUnreachable
from tillwright.kit import ids
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.seal import Seal


@pytest.fixture
async def rooms(
    database: Database, clock: ManualClock, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> AsyncIterator[Rooms]:
    rooms = furnish(database, clock, seal, stripe_sandbox.url)
    await connect(rooms, stripe_sandbox, organisation)
    yield rooms
    await rooms.reader.close()
    await rooms.writer.close()


def at_stripe(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.http("GET", "/v1/webhook_endpoints?limit=100").json()["data"]


async def secret_of(database: Database, seal: Seal, organisation: str, token: str) -> Any:
    async with database.open() as tx:
        found = await store.addresses(tx, {ids.fingerprint(token)}, seal)
    return found.get(ids.fingerprint(token))


async def test_it_is_made_once_with_its_secret_sealed(
    rooms: Rooms, database: Database, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> None:
    endpoint = await rooms.webhooks.register(organisation)
    assert (endpoint.state, endpoint.error, endpoint.livemode) == ("ACTIVE", None, False)
    await rooms.webhooks.register(organisation)
    await rooms.webhooks.register(organisation)
    (found,) = at_stripe(stripe_sandbox)
    assert found["id"] == endpoint.stripe_id
    assert found["api_version"] == "2026-08-26.dahlia"
    assert found["enabled_events"] == ["*"]
    base, _, token = found["url"].rpartition("/")
    assert base == "http://127.0.0.1:8420/webhooks/stripe"
    address = await secret_of(database, seal, organisation, token)
    assert (address.organisation_id, address.livemode) == (organisation, False)
    assert address.secrets[0].reveal().startswith("whsec_")
    async with database.tenant(organisation) as tx:
        row = await (await tx.execute("select * from webhook_endpoints")).fetchone()
        audited = await (await tx.execute("select action, subject_id from audit_entries order by number")).fetchall()
        assert len(await rooms.mirror.backfill_progress(tx)) == 10
    assert address.secrets[0].reveal() not in str(row)
    assert token not in str(row)
    writes = [each for each in audited if each["action"].startswith("system:webhook_endpoint")]
    assert writes == [{"action": "system:webhook_endpoint:create", "subject_id": found["id"]}]


class Cut:
    """Lets a request through, then loses its answer: by a broken connection, or with the whole process."""

    def __init__(self, writer: Any, method: str, how: BaseException) -> None:
        self.writer, self.method, self.how, self.left = writer, method, how, 1

    async def send(self, access: Any, method: str, *arguments: Any, **options: Any) -> Answer:
        answer = await self.writer.send(access, method, *arguments, **options)
        if method == self.method and self.left:
            self.left -= 1
            raise self.how
        return answer


class Killed(BaseException):
    pass


LOST = StripeUnreachable("stripe_unreachable", "The connection broke.", Facts())


@pytest.mark.parametrize("how", [Killed(), LOST], ids=["killed", "connection lost"])
async def test_an_answer_that_is_lost_leaves_no_orphan(
    how: BaseException, rooms: Rooms, clock: ManualClock, stripe_sandbox: Sandbox, organisation: str
) -> None:
    rooms.webhooks._endpoints._writer = Cut(rooms.writer, "POST", how)
    with pytest.raises(type(how)):
        await rooms.webhooks.register(organisation)
    (orphan,) = at_stripe(stripe_sandbox)
    if isinstance(how, Killed):
        with pytest.raises(Conflict, match="Another process"):
            await rooms.webhooks.register(organisation)
    clock.move(3600)
    assert await rooms.webhooks.registration_step() == 1
    (found,) = at_stripe(stripe_sandbox)
    assert found["id"] != orphan["id"]
    (endpoint,) = await rooms.webhooks.endpoints(organisation)
    assert (endpoint.state, endpoint.stripe_id, endpoint.error) == ("ACTIVE", found["id"], None)
    assert await rooms.webhooks.registration_step() == 0, "nothing is due"


async def test_killed_between_stripes_answer_and_our_commit(
    rooms: Rooms,
    clock: ManualClock,
    stripe_sandbox: Sandbox,
    organisation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    activate = store.activate

    async def killed(*arguments: Any, **options: Any) -> bool:
        await activate(*arguments, **options)
        raise Killed  # the transaction rolls back

    monkeypatch.setattr(service.store, "activate", killed)
    with pytest.raises(Killed):
        await rooms.webhooks.register(organisation)
    monkeypatch.undo()
    (endpoint,) = await rooms.webhooks.endpoints(organisation)
    assert (endpoint.state, endpoint.stripe_id) == ("WANTED", None)
    clock.move(store.LEASE.total_seconds())
    endpoint = await rooms.webhooks.register(organisation)
    assert [each["id"] for each in at_stripe(stripe_sandbox)] == [endpoint.stripe_id]


async def test_many_at_once_make_one(rooms: Rooms, stripe_sandbox: Sandbox, organisation: str) -> None:
    answers = await asyncio.gather(*(rooms.webhooks.register(organisation) for _ in range(6)), return_exceptions=True)
    assert {type(each).__name__ for each in answers} <= {"Endpoint", "Conflict"}
    assert len(at_stripe(stripe_sandbox)) == 1


async def test_what_somebody_did_to_it_is_mended(
    rooms: Rooms, database: Database, seal: Seal, clock: ManualClock, stripe_sandbox: Sandbox, organisation: str
) -> None:
    endpoint = await rooms.webhooks.register(organisation)
    path = f"/v1/webhook_endpoints/{endpoint.stripe_id}"
    stripe_sandbox.http("POST", path, data={"disabled": "true", "enabled_events[0]": "customer.created"})
    clock.move(store.CHECK.total_seconds())
    assert await rooms.webhooks.registration_step() == 1
    (found,) = at_stripe(stripe_sandbox)
    assert (found["id"], found["status"], found["enabled_events"]) == (endpoint.stripe_id, "enabled", ["*"])

    stripe_sandbox.http("POST", path, data={"url": "http://127.0.0.1:1/elsewhere"})
    await rooms.webhooks.register(organisation)
    (found,) = at_stripe(stripe_sandbox)
    token = found["url"].rpartition("/")[2]
    assert await secret_of(database, seal, organisation, token) is not None, "the secret stays, the address is ours"

    stripe_sandbox.http("DELETE", path)
    again = await rooms.webhooks.register(organisation)
    assert again.stripe_id != endpoint.stripe_id
    assert [each["id"] for each in at_stripe(stripe_sandbox)] == [again.stripe_id]


async def test_a_new_public_address_moves_the_endpoint(
    rooms: Rooms, database: Database, clock: ManualClock, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> None:
    before = await rooms.webhooks.register(organisation)
    moved = furnish(database, clock, seal, stripe_sandbox.url, "http://127.0.0.1:9999")
    after = await moved.webhooks.register(organisation)
    (found,) = at_stripe(stripe_sandbox)
    assert after.stripe_id == before.stripe_id == found["id"]
    assert found["url"].startswith("http://127.0.0.1:9999/webhooks/stripe/")


async def test_others_endpoints_are_left_alone(rooms: Rooms, stripe_sandbox: Sandbox, organisation: str) -> None:
    stripe_sandbox.http(
        "POST",
        "/v1/webhook_endpoints",
        data={"url": "http://127.0.0.1:8420/webhooks/stripe/theirs", "enabled_events[0]": "*"},
    )
    await rooms.webhooks.register(organisation)
    assert len(at_stripe(stripe_sandbox)) == 2
    assert await rooms.webhooks.unregister(organisation) == 1
    (left,) = at_stripe(stripe_sandbox)
    assert left["url"].endswith("theirs")
    assert await rooms.webhooks.unregister(organisation) == 0


async def test_deleted_while_it_was_made(
    rooms: Rooms, database: Database, stripe_sandbox: Sandbox, organisation: str
) -> None:
    writer = rooms.writer

    class Deleted:
        async def send(self, access: Any, method: Any, *arguments: Any, **options: Any) -> Answer:
            answer = await writer.send(access, method, *arguments, **options)
            if method == "POST":
                async with database.tenant(organisation) as tx:
                    await rooms.webhooks.forget(tx, organisation)
            return answer

    rooms.webhooks._endpoints._writer = Deleted()
    with pytest.raises(Conflict, match="deleted"):
        await rooms.webhooks.register(organisation)
    assert at_stripe(stripe_sandbox) == []


async def test_an_address_stripe_refuses_is_said_with_what_to_do(
    database: Database, clock: ManualClock, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> None:
    rooms = furnish(database, clock, seal, stripe_sandbox.url, "nonsense://nowhere")
    with pytest.raises(Absent, match="not connected"):
        await rooms.webhooks.register(organisation)
    await connect(rooms, stripe_sandbox, organisation)
    with pytest.raises(Invalid, match="TILLWRIGHT_PUBLIC_URL"):
        await rooms.webhooks.register(organisation)
    (endpoint,) = await rooms.webhooks.endpoints(organisation)
    assert endpoint.state == "WANTED"
    assert endpoint.error is not None
    assert endpoint.error["code"] == "public_url_refused"
    assert at_stripe(stripe_sandbox) == []


async def test_a_verified_connection_is_followed_by_the_worker(
    rooms: Rooms, database: Database, clock: ManualClock, stripe_sandbox: Sandbox, organisation: str
) -> None:
    assert await rooms.webhooks.registration_step() == 0, "connected is not verified"
    async with database.tenant(organisation) as tx:
        said = {"mode": "test", "accountId": stripe_sandbox.account}
        await events.record(tx, organisation, "integration:STRIPE:verified", said, clock.now())
    assert await rooms.webhooks.registration_step() == 1
    assert len(at_stripe(stripe_sandbox)) == 1
    async with database.tenant(organisation) as tx:
        assert len(await rooms.mirror.backfill_progress(tx)) == 10
