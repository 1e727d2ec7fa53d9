"""Exactly one endpoint at Stripe for an integration and mode, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest

from tests.conftest import START
from tests.domains.webhooks.conftest import Rooms, connect, furnish, sign
from tests.sandbox.conftest import Sandbox
from tillwright.domains import events
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks.endpoint import service, store
from tillwright.domains.webhooks.endpoint.reach import can_reach
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import Facts, StripeUnreachable
from tillwright.kit import ids
from tillwright.kit.clock import ManualClock, to_unix
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid
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


async def secret_of(database: Database, seal: Seal, organisation: str, token: str, at: datetime = START) -> Any:
    async with database.open() as tx:
        found = await store.addresses(tx, {ids.fingerprint(token)}, seal, at)
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
        assert len(await rooms.mirror.backfill_progress(tx)) >= 10
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
        assert len(await rooms.mirror.backfill_progress(tx)) >= 10


def event(number: int, clock: ManualClock) -> bytes:
    return orjson.dumps(
        {
            "id": f"evt_{number}",
            "object": "event",
            "api_version": "2026-08-26.dahlia",
            "type": "customer.updated",
            "created": to_unix(clock.now()),
            "livemode": False,
            "data": {"object": {"id": f"cus_{number}", "object": "customer", "created": number}},
        }
    )


async def test_a_secret_is_changed_with_a_day_in_which_both_are_good(
    rooms: Rooms, database: Database, clock: ManualClock, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> None:
    await rooms.webhooks.register(organisation)
    (before,) = at_stripe(stripe_sandbox)
    old = before["url"].rpartition("/")[2]
    old_secret = (await secret_of(database, seal, organisation, old)).secrets[0].reveal()
    admin = Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN")
    changed = await rooms.webhooks.rotate_secret(admin)
    (after,) = at_stripe(stripe_sandbox)
    assert (after["id"], changed.renew) == (changed.stripe_id, False)
    assert after["id"] != before["id"]
    assert after["enabled_events"] == ["*"]
    new = after["url"].rpartition("/")[2]
    new_secret = (await secret_of(database, seal, organisation, new)).secrets[0].reveal()
    assert new_secret != old_secret

    async def deliver(token: str, secret: str, number: int) -> Any:
        body = event(number, clock)
        return await rooms.webhooks.accept(token, body, [sign(body, secret, to_unix(clock.now()))])

    assert not (await deliver(new, new_secret, 1)).duplicate
    assert not (await deliver(old, old_secret, 2)).duplicate, "what was on its way is taken"
    assert (await deliver(old, old_secret, 1)).duplicate, "and applied once, though both were sent it"
    for token, secret in ((new, old_secret), (old, new_secret)):
        with pytest.raises(Denied):
            await deliver(token, secret, 3)
    clock.move(store.OVERLAP.total_seconds() - 1)
    await deliver(old, old_secret, 4)
    clock.move(1)
    with pytest.raises(Absent):
        await deliver(old, old_secret, 5)
    await rooms.webhooks.register(organisation)
    async with database.tenant(organisation) as tx:
        row = await (await tx.execute("select * from webhook_endpoints")).fetchone()
    assert row is not None
    assert (row["earlier_sealed"], row["earlier_digest"]) == (None, None), "the earlier secret is gone"
    with pytest.raises(Denied):
        await rooms.webhooks.rotate_secret(replace(admin, role="EDITOR"))


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("how", [Killed(), LOST], ids=["killed", "connection lost"])
async def test_a_change_of_secret_cut_off_anywhere_ends_with_one_endpoint(
    method: str, how: BaseException, rooms: Rooms, clock: ManualClock, stripe_sandbox: Sandbox, organisation: str
) -> None:
    first = await rooms.webhooks.register(organisation)
    rooms.webhooks._endpoints._writer = Cut(rooms.writer, method, how)
    with pytest.raises(type(how)):
        await rooms.webhooks.rotate_secret(Principal.system(organisation, "test"))
    clock.move(3600)
    assert await rooms.webhooks.registration_step() == 1
    (found,) = at_stripe(stripe_sandbox)
    (endpoint,) = await rooms.webhooks.endpoints(organisation)
    assert (endpoint.state, endpoint.stripe_id, endpoint.renew) == ("ACTIVE", found["id"], False)
    assert endpoint.stripe_id != first.stripe_id
    clock.move(store.CHECK.total_seconds())
    await rooms.webhooks.registration_step()
    assert [each["id"] for each in at_stripe(stripe_sandbox)] == [found["id"]]


async def test_nothing_in_use_nothing_to_change(rooms: Rooms, organisation: str) -> None:
    with pytest.raises(Absent, match="no webhook endpoint in use"):
        await rooms.webhooks.rotate_secret(Principal.system(organisation, "test"))


@pytest.mark.parametrize(
    ("public", "api", "reached"),
    [
        ("https://pay.example.com", "https://api.stripe.com", True),
        ("https://8.8.8.8", "https://api.stripe.com", True),
        ("http://127.0.0.1:8420", "https://api.stripe.com", False),
        ("http://localhost:8420", "https://api.stripe.com", False),
        ("http://[::1]:8420", "https://api.stripe.com", False),
        ("https://10.0.0.7", "https://api.stripe.com", False),
        ("https://192.168.1.20", "https://api.stripe.com", False),
        ("https://laptop", "https://api.stripe.com", False),
        ("https://laptop.local.", "https://api.stripe.com", False),
        ("http://127.0.0.1:8420", "http://127.0.0.1:8421", True),
    ],
)
def test_who_can_reach_us(public: str, api: str, reached: bool) -> None:
    assert can_reach(public, api) is reached


async def test_behind_no_public_address_it_says_so_and_asks_nothing_of_stripe(
    database: Database, clock: ManualClock, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> None:
    rooms = furnish(database, clock, seal, stripe_sandbox.url, reachable=False)
    await connect(rooms, stripe_sandbox, organisation)
    with pytest.raises(Invalid, match="asks Stripe for new events"):
        await rooms.webhooks.register(organisation)
    (endpoint,) = await rooms.webhooks.endpoints(organisation)
    assert endpoint.error is not None
    assert endpoint.error["code"] == "public_address_missing"
    assert at_stripe(stripe_sandbox) == []
