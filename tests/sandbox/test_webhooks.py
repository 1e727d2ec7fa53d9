"""Webhook endpoints and signed delivery over real HTTP."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tillwright_sandbox.deliveries import SLOW
from tillwright_sandbox.idempotency import KEPT_SECONDS


class Receiver:
    """A webhook endpoint of our own: keeps what arrives, answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.answer: Callable[[int], int] = lambda count: 200
        self.slow = 0.0
        self.lock = threading.Lock()

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        with self.lock:
            self.got.append((body, dict(request.headers)))
            status = self.answer(len(self.got))
        if self.slow:
            await asyncio.sleep(self.slow)
        headers = {"Location": self.url} if 300 <= status < 400 else {}
        return Response(b"", status, headers)

    @property
    def events(self) -> list[dict]:
        with self.lock:
            return [json.loads(body) for body, _ in self.got]

    def wait(self, count: int, seconds: float = 10) -> list[dict]:
        deadline = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.events


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    listener = socket.create_server(("127.0.0.1", 0))
    receiver.url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"

    async def hook(request: Request) -> Response:
        return await receiver(request)

    app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield receiver
    server.should_exit = True
    thread.join(10)


def register(sandbox, receiver: Receiver, **more) -> stripe.WebhookEndpoint:
    params = {"url": receiver.url, "enabled_events": ["*"], **more}
    return sandbox.client.v1.webhook_endpoints.create(params)


def test_the_secret_is_shown_once(sandbox, receiver: Receiver, validate) -> None:
    made = register(sandbox, receiver, description="ours", api_version="2026-08-26.dahlia")
    validate(made)
    assert made.secret.startswith("whsec_")
    again = sandbox.client.v1.webhook_endpoints.retrieve(made.id)
    validate(again)
    assert "secret" not in again
    assert "secret" not in sandbox.client.v1.webhook_endpoints.update(made.id, {"description": "still ours"})
    assert all("secret" not in row for row in sandbox.client.v1.webhook_endpoints.list().data)


def test_at_most_sixteen_an_account_and_mode(sandbox, receiver: Receiver) -> None:
    for _ in range(16):
        register(sandbox, receiver, enabled_events=["charge.failed"])
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16 test webhook endpoints"):
        register(sandbox, receiver)
    live = stripe.StripeClient(
        "sk_live_sandbox_northwind", base_addresses={"api": sandbox.url}, stripe_version="2026-08-26.dahlia"
    )
    assert live.v1.webhook_endpoints.create({"url": "https://example.com/hook", "enabled_events": ["*"]}).livemode


@pytest.mark.parametrize(
    "params",
    [
        {"url": "not a url", "enabled_events": ["*"]},
        {"url": "https://example.com", "enabled_events": ["no.such.event"]},
        {"url": "https://example.com"},
        {"enabled_events": ["*"]},
        {"url": "https://example.com", "enabled_events": ["*"], "api_version": "1999-01-01"},
    ],
)
def test_what_it_refuses(sandbox, params: dict) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.webhook_endpoints.create(params)
    assert refused.value.http_status == 400


def test_a_delivery_is_signed_over_its_raw_bytes(sandbox, receiver: Receiver) -> None:
    endpoint = register(sandbox, receiver, enabled_events=["customer.created"])
    made = sandbox.client.v1.customers.create({"name": "Zoë Ångström"})
    (event,) = receiver.wait(1)
    body, headers = receiver.got[0]
    assert stripe.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], endpoint.secret, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode() + " ", headers["stripe-signature"], endpoint.secret, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], "whsec_other", 300)
    assert event["data"]["object"]["id"] == made.id
    assert event["type"] == "customer.created"
    assert event["pending_webhooks"] == 1
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["user-agent"].startswith("Stripe/1.0")


def test_only_the_types_asked_for(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, enabled_events=["product.created", "coupon.created"])
    sandbox.client.v1.customers.create({"name": "no"})
    sandbox.client.v1.products.create({"name": "yes"})
    sandbox.client.v1.coupons.create({"percent_off": 5})
    assert {event["type"] for event in receiver.wait(2)} == {"product.created", "coupon.created"}


def test_retries_until_answered_and_tells_who_has_not_heard(sandbox, receiver: Receiver) -> None:
    sandbox.world.webhooks.fast_retries()
    register(sandbox, receiver, enabled_events=["customer.created"])
    receiver.answer = lambda count: (500, 302, 200)[min(count, 3) - 1]
    sandbox.client.v1.customers.create({"name": "Retry"})
    receiver.wait(1)
    pending = sandbox.client.v1.events.list({"delivery_success": False}).data
    assert [row.data.object["name"] for row in pending] == ["Retry"]
    events = receiver.wait(3)
    assert [event["id"] for event in events] == [events[0]["id"]] * 3
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        shown = sandbox.client.v1.events.retrieve(events[0]["id"])
        if shown.pending_webhooks == 0:
            break
        time.sleep(0.02)
    assert shown.pending_webhooks == 0
    assert shown.id in [row.id for row in sandbox.client.v1.events.list({"delivery_success": True}).data]
    time.sleep(0.3)
    assert len(receiver.got) == 3
    signatures = {headers["stripe-signature"] for _, headers in receiver.got}
    assert len(signatures) >= 1


def test_a_redirect_is_a_failure_and_is_not_followed(sandbox, receiver: Receiver) -> None:
    sandbox.world.webhooks.schedule = ()
    register(sandbox, receiver, enabled_events=["customer.created"])
    receiver.answer = lambda count: 307
    sandbox.client.v1.customers.create({"name": "Redirected"})
    receiver.wait(1)
    time.sleep(0.3)
    assert len(receiver.got) == 1
    assert sandbox.client.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1


def test_disabling_stops_the_retries(sandbox, receiver: Receiver) -> None:
    sandbox.world.webhooks.schedule = (0.3, 0.3, 0.3)
    endpoint = register(sandbox, receiver, enabled_events=["customer.created"])
    receiver.answer = lambda count: 500
    sandbox.client.v1.customers.create({"name": "Stop"})
    receiver.wait(1)
    assert sandbox.client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    time.sleep(0.8)
    assert len(receiver.got) == 1
    sandbox.client.v1.customers.create({"name": "Unheard"})
    assert sandbox.client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False}).status == "enabled"
    receiver.answer = lambda count: 200
    sandbox.client.v1.customers.create({"name": "Heard"})
    names = [event["data"]["object"]["name"] for event in receiver.wait(2)]
    assert names == ["Stop", "Heard"]


def test_deleting_ends_it(sandbox, receiver: Receiver, validate) -> None:
    endpoint = register(sandbox, receiver)
    gone = sandbox.client.v1.webhook_endpoints.delete(endpoint.id)
    validate(gone)
    assert gone.deleted is True
    sandbox.client.v1.customers.create({"name": "Nobody hears"})
    time.sleep(0.3)
    assert receiver.got == []
    with pytest.raises(stripe.InvalidRequestError) as absent:
        sandbox.client.v1.webhook_endpoints.retrieve(endpoint.id)
    assert absent.value.http_status == 404


def test_slow_retries_come_due_by_the_virtual_clock(sandbox, receiver: Receiver) -> None:
    sandbox.world.webhooks.schedule = (3600.0, 3 * 86_400.0)
    register(sandbox, receiver, enabled_events=["customer.created"])
    receiver.answer = lambda count: 503 if count < 3 else 200
    sandbox.client.v1.customers.create({"name": "Later"})
    receiver.wait(1)
    time.sleep(0.2)
    assert len(receiver.got) == 1
    httpx.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 2 * 3600}, trust_env=False).raise_for_status()
    assert len(receiver.wait(2)) == 2
    httpx.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 4 * 86_400}, trust_env=False).raise_for_status()
    assert len(receiver.wait(3)) == 3


def test_one_slow_answer_holds_up_no_other_event(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, enabled_events=["customer.created"])
    receiver.slow = 1.0
    start = time.monotonic()
    for number in range(5):
        sandbox.client.v1.customers.create({"name": str(number)})
    receiver.wait(5)
    assert time.monotonic() - start < 4


def test_duplicates_and_losses(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, enabled_events=["customer.created"])
    chaos = sandbox.world.webhooks.chaos
    chaos.set(duplicates=20, seed=3)
    sandbox.client.v1.customers.create({"name": "Many"})
    time.sleep(0.5)
    copies = len(receiver.got)
    assert 1 < copies <= 21
    assert len({event["id"] for event in receiver.events}) == 1
    chaos.set(duplicates=0, never_delivered=1.0)
    sandbox.client.v1.customers.create({"name": "Lost"})
    time.sleep(0.3)
    assert len(receiver.got) == copies
    lost = sandbox.client.v1.events.list({"limit": 1}).data[0]
    assert (lost.data.object["name"], lost.pending_webhooks) == ("Lost", 1)


def test_shuffled_and_delayed(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, enabled_events=["customer.created"])
    sandbox.world.webhooks.chaos.set(delay_seconds=3 * 86_400, shuffle_seconds=3600, seed=5)
    names = [str(number) for number in range(12)]
    for name in names:
        sandbox.client.v1.customers.create({"name": name})
    time.sleep(0.3)
    assert receiver.got == []
    sandbox.world.webhooks.width = 1
    httpx.post(f"{sandbox.url}/_sandbox/clock", json={"advance": 4 * 86_400}, trust_env=False).raise_for_status()
    arrived = [event["data"]["object"]["name"] for event in receiver.wait(12)]
    assert sorted(arrived, key=int) == names
    assert arrived != names


def test_the_payload_has_the_endpoint_s_version(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, enabled_events=["customer.created"], api_version="2025-03-31.basil")
    sandbox.client.v1.customers.create({"name": "Old"})
    assert receiver.wait(1)[0]["api_version"] == "2025-03-31.basil"


def test_a_connect_endpoint_hears_of_connected_accounts(sandbox, receiver: Receiver) -> None:
    own = next(iter(sandbox.world.accounts))
    sandbox.world.add_account("acct_connectedsandbx1", "Connected", platform=own)
    live = stripe.StripeClient(
        "sk_live_sandbox_northwind", base_addresses={"api": sandbox.url}, stripe_version="2026-08-26.dahlia"
    )
    live.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"], "connect": True})
    sandbox.client.v1.customers.create({"name": "The platform's own"})
    made = sandbox.client.v1.customers.create({"name": "Theirs"}, {"stripe_account": "acct_connectedsandbx1"})
    (event,) = receiver.wait(1)
    assert event["account"] == "acct_connectedsandbx1"
    assert event["livemode"] is False  # a live Connect endpoint receives test events too
    fetched = sandbox.client.v1.customers.retrieve(made.id, options={"stripe_account": event["account"]})
    assert fetched.name == "Theirs"
    time.sleep(0.2)
    assert len(receiver.got) == 1


def test_a_rolled_secret_signs_along_with_the_old_one(sandbox, receiver: Receiver) -> None:
    endpoint = register(sandbox, receiver, enabled_events=["customer.created"])
    rolled = httpx.post(
        f"{sandbox.url}/_sandbox/webhooks/{endpoint.id}/roll", json={"keep_old": True}, trust_env=False
    ).json()
    sandbox.client.v1.customers.create({"name": "Both"})
    receiver.wait(1)
    body, headers = receiver.got[0]
    for secret in (endpoint.secret, rolled["secret"]):
        assert stripe.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], secret, 300)


def test_any_event_can_be_made_up_and_sent_again(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver)
    made = httpx.post(
        f"{sandbox.url}/_sandbox/events",
        json={"type": "hologram.projected", "object": {"id": "holo_1", "object": "hologram"}},
        trust_env=False,
    ).json()
    assert [event["type"] for event in receiver.wait(1)] == ["hologram.projected"]
    httpx.post(f"{sandbox.url}/_sandbox/events/{made['id']}/resend", json={"copies": 2}, trust_env=False)
    assert [event["id"] for event in receiver.wait(3)] == [made["id"]] * 3


def test_a_connect_endpoint_hears_who_left(sandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, connect=True)
    left = sandbox.client.v1.accounts.create({"type": "standard"})
    sandbox.client.v1.accounts.delete(left.id)
    events = [event for event in receiver.wait(1) if event["type"] == "account.application.deauthorized"]
    assert [event["account"] for event in events] == [left.id]


def test_any_text_can_be_sent_rightly_signed(sandbox, receiver: Receiver) -> None:
    endpoint = register(sandbox, receiver)
    thin = {"id": "evt_test_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found", "livemode": False}
    path = f"{sandbox.url}/_sandbox/webhooks/{endpoint.id}/send"
    httpx.post(path, json={"body": thin}, trust_env=False).raise_for_status()
    assert receiver.wait(1) == [thin]
    body, headers = receiver.got[0]
    assert stripe.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], endpoint.secret, 300)
    httpx.post(path, json={"body": "not even JSON"}, trust_env=False).raise_for_status()
    deadline = time.monotonic() + 5
    while len(receiver.got) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert receiver.got[1][0] == b"not even JSON"


def test_retries_last_three_days_longer_than_idempotency_keys() -> None:
    assert 2.5 * 86_400 <= sum(SLOW) <= 3 * 86_400
    assert sum(SLOW) > KEPT_SECONDS
    assert list(SLOW) == sorted(SLOW)


def test_nothing_is_sent_beyond_this_machine(sandbox) -> None:
    sandbox.client.v1.webhook_endpoints.create(
        {"url": "https://example.com/hook", "enabled_events": ["customer.created"]}
    )
    sandbox.client.v1.customers.create({"name": "Far"})
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        shown = httpx.get(f"{sandbox.url}/_sandbox/webhooks", trust_env=False).json()["attempts_shown"]
        if shown:
            break
        time.sleep(0.02)
    assert shown[0]["status"] is None
    assert "this machine only" in shown[0]["error"]
