"""Idempotency keys: 24 hours, the first answer kept with 500s included, never for what was not executed."""

import concurrent.futures
from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.sandbox.conftest import Sandbox, serve_world
from tillwright_sandbox.world import make_world

VERSION = "2026-08-26.dahlia"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for the whole file: no test here minds what the others left."""
    world = make_world()
    world.limits.enabled = False
    yield from serve_world(world)


DAY = 24 * 3600


def post(sandbox, path: str, data: dict[str, str], key: str) -> httpx.Response:
    return httpx.post(
        sandbox.url + path,
        data=data,
        headers={
            "Authorization": f"Bearer {sandbox.secret_key}",
            "Stripe-Version": VERSION,
            "Idempotency-Key": key,
        },
        trust_env=False,
        timeout=10,
    )


def test_the_first_answer_again(sandbox) -> None:
    first = post(sandbox, "/v1/customers", {"name": "Once"}, "idem-1")
    again = post(sandbox, "/v1/customers", {"name": "Once"}, "idem-1")
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert len(sandbox.client.v1.customers.list({"limit": 100}).data) == len(
        {row.id for row in sandbox.client.v1.customers.list({"limit": 100}).data}
    )
    mine = [line for line in sandbox.world.ledger.requests if line.idempotency_key == "idem-1"]
    assert [line.replayed for line in mine] == [False, True]
    assert len([line for line in sandbox.world.ledger.writes if line.idempotency_key == "idem-1"]) == 1


def test_the_body_is_the_one_of_then(sandbox) -> None:
    made = post(sandbox, "/v1/customers", {"name": "Then"}, "idem-then").json()
    sandbox.client.v1.customers.update(made["id"], {"name": "Now"})
    assert post(sandbox, "/v1/customers", {"name": "Then"}, "idem-then").json()["name"] == "Then"


def test_other_parameters_are_an_error(sandbox) -> None:
    sandbox.client.v1.customers.create({"name": "A"}, {"idempotency_key": "idem-2"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        sandbox.client.v1.customers.create({"name": "B"}, {"idempotency_key": "idem-2"})
    assert refused.value.http_status == 400
    assert "same parameters they were first used with" in refused.value.user_message


def test_another_endpoint_is_an_error(sandbox) -> None:
    sandbox.client.v1.customers.create({"name": "A"}, {"idempotency_key": "idem-3"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        sandbox.client.v1.products.create({"name": "A"}, {"idempotency_key": "idem-3"})
    assert "('/v1/products' vs '/v1/customers')" in refused.value.user_message


def test_keys_of_accounts_and_modes_are_apart(sandbox) -> None:
    ids = set()
    for secret in (sandbox.secret_key, "sk_live_sandbox_northwind", "sk_test_sandbox_acme"):
        client = stripe.StripeClient(secret, base_addresses={"api": sandbox.url}, stripe_version=VERSION)
        ids.add(client.v1.customers.create({"name": "A"}, {"idempotency_key": "idem-4"}).id)
    assert len(ids) == 3


def test_a_500_is_kept_whether_the_effect_took_place_or_not(sandbox) -> None:
    for effect in ("none", "done"):
        key = f"idem-500-{effect}"
        sandbox.world.faults.add(kind="stored", status=500, effect=effect, path="/v1/customers", method="POST", times=1)
        answers = [post(sandbox, "/v1/customers", {"name": key}, key) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [500, 500, 500]
        named = [row for row in sandbox.client.v1.customers.list({"limit": 100}).data if row.name == key]
        assert len(named) == (1 if effect == "done" else 0)
        kept = [line for line in sandbox.world.ledger.writes if line.idempotency_key == key]
        assert len(kept) == len(named)


def test_a_decline_is_a_stored_result(sandbox) -> None:
    params = {
        "amount": 500,
        "currency": "usd",
        "payment_method": "pm_card_chargeDeclined",
        "payment_method_types": ["card"],
        "confirm": True,
    }
    intents = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            sandbox.client.v1.payment_intents.create(params, {"idempotency_key": "idem-decline"})
        intents.append(declined.value.error.payment_intent["id"])
    assert intents[0] == intents[1]
    with pytest.raises(stripe.CardError) as fresh:
        sandbox.client.v1.payment_intents.create(params, {"idempotency_key": "idem-decline-2"})
    assert fresh.value.error.payment_intent["id"] != intents[0]


def test_validation_errors_are_not_kept(sandbox) -> None:
    refused = post(sandbox, "/v1/customers", {"nope": "1"}, "idem-5")
    assert refused.status_code == 400
    assert post(sandbox, "/v1/customers", {"name": "Good"}, "idem-5").status_code == 200


def test_two_at_once_one_is_refused_and_not_kept(sandbox) -> None:
    sandbox.world.faults.add(kind="delay", seconds=0.6, path="/v1/customers", method="POST", times=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(post, sandbox, "/v1/customers", {"name": "Twice"}, "idem-6") for _ in range(2)]
        answers = sorted((one.result() for one in asked), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "idempotency_key_in_use"
    again = post(sandbox, "/v1/customers", {"name": "Twice"}, "idem-6")
    assert again.json()["id"] == answers[0].json()["id"]


def test_a_day_later_the_key_is_free(sandbox) -> None:
    first = post(sandbox, "/v1/customers", {"name": "Old"}, "idem-7").json()["id"]
    sandbox.world.clock.advance(DAY - 60)
    assert post(sandbox, "/v1/customers", {"name": "Old"}, "idem-7").json()["id"] == first
    sandbox.world.clock.advance(120)
    assert post(sandbox, "/v1/customers", {"name": "Old"}, "idem-7").json()["id"] != first


def test_switched_off_every_request_counts(sandbox) -> None:
    sandbox.world.idempotency.enabled = False
    try:
        ids = {post(sandbox, "/v1/customers", {"name": "Off"}, "idem-8").json()["id"] for _ in range(2)}
    finally:
        sandbox.world.idempotency.enabled = True
    assert len(ids) == 2


def test_get_and_delete_take_no_notice(sandbox) -> None:
    made = sandbox.client.v1.customers.create({"name": "Gone"})
    headers = {"Authorization": f"Bearer {sandbox.secret_key}", "Stripe-Version": VERSION, "Idempotency-Key": "idem-9"}
    path = f"{sandbox.url}/v1/customers/{made.id}"
    assert httpx.get(path, headers=headers, trust_env=False).status_code == 200
    assert httpx.delete(path, headers=headers, trust_env=False).json()["deleted"] is True


def test_a_key_too_long_is_refused(sandbox) -> None:
    assert post(sandbox, "/v1/customers", {"name": "A"}, "k" * 256).status_code == 400
    assert post(sandbox, "/v1/customers", {"name": "A"}, "k" * 255).status_code == 200
