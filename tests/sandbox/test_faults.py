"""Faults by script: what the caller sees, and whether the effect took place behind it."""

import time
from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.sandbox.conftest import Sandbox, serve_world
from tillwright_sandbox.faults import Faults
from tillwright_sandbox.world import make_world

VERSION = "2026-08-26.dahlia"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for the whole file: no test here minds what the others left."""
    world = make_world()
    world.limits.enabled = False
    yield from serve_world(world)


@pytest.fixture
def faults(sandbox):
    yield sandbox.world.faults
    sandbox.world.faults.clear()


def make(sandbox, name: str, timeout: float = 5) -> httpx.Response:
    return httpx.post(
        f"{sandbox.url}/v1/customers",
        data={"name": name},
        headers={"Authorization": f"Bearer {sandbox.secret_key}", "Stripe-Version": VERSION},
        trust_env=False,
        timeout=timeout,
    )


def exists(sandbox, name: str) -> bool:
    store = next(iter(sandbox.world.accounts.values())).test
    return bool(store.find("customer", name=name))


@pytest.mark.parametrize("effect", ["none", "done"])
@pytest.mark.parametrize("status", [500, 503, 409, 429])
def test_a_status_before_or_after_the_effect(sandbox, faults: Faults, status: int, effect: str) -> None:
    name = f"status {status} {effect}"
    faults.add(kind="status", status=status, effect=effect, method="POST", path="/v1/customers", times=1)
    answer = make(sandbox, name)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert exists(sandbox, name) is (effect == "done")
    line = sandbox.world.ledger.requests[-1]
    assert (line.status, line.accepted) == (status, effect == "done")
    assert line.fault


@pytest.mark.parametrize("effect", ["none", "done"])
def test_a_reset_before_or_after_the_effect(sandbox, faults: Faults, effect: str) -> None:
    name = f"reset {effect}"
    faults.add(kind="reset", effect=effect, method="POST", path="/v1/customers", times=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        make(sandbox, name)
    assert exists(sandbox, name) is (effect == "done")


@pytest.mark.parametrize("effect", ["none", "done"])
def test_a_hang_times_the_caller_out(sandbox, faults: Faults, effect: str) -> None:
    name = f"hang {effect}"
    faults.add(kind="hang", seconds=1.5, effect=effect, method="POST", path="/v1/customers", times=1)
    with pytest.raises(httpx.ReadTimeout):
        make(sandbox, name, timeout=0.4)
    assert exists(sandbox, name) is (effect == "done")


def test_an_answer_cut_short(sandbox, faults: Faults) -> None:
    faults.add(kind="cut", method="POST", path="/v1/customers", times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        make(sandbox, "cut")
    assert exists(sandbox, "cut")


def test_a_page_of_html(sandbox, faults: Faults) -> None:
    faults.add(kind="html", status=502, method="POST", path="/v1/customers", times=1)
    answer = make(sandbox, "html")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert "Bad Gateway" in answer.text
    assert not exists(sandbox, "html")


def test_a_delay_and_the_real_answer(sandbox, faults: Faults) -> None:
    faults.add(kind="delay", seconds=0.3, operation="PostCustomers", times=1)
    start = time.monotonic()
    assert make(sandbox, "delay").json()["name"] == "delay"
    assert time.monotonic() - start >= 0.3


def test_the_sdk_sees_them_as_stripe_s(sandbox, faults: Faults) -> None:
    faults.add(kind="reset", path="/v1/customers", times=1)
    with pytest.raises(stripe.APIConnectionError):
        sandbox.client.v1.customers.create({"name": "sdk"})
    faults.add(kind="html", status=502, path="/v1/customers", times=1)
    with pytest.raises(stripe.APIError):
        sandbox.client.v1.customers.create({"name": "sdk"})


def test_a_lock_timeout_may_be_tried_again(sandbox, faults: Faults) -> None:
    faults.add(kind="status", status=429, path="/v1/customers", times=1)
    with pytest.raises(stripe.RateLimitError) as refused:
        sandbox.client.v1.customers.create({"name": "locked"})
    assert refused.value.error.code == "lock_timeout"
    assert refused.value.headers["Stripe-Should-Retry"] == "true"


def test_the_nth_request_only() -> None:
    faults = Faults()
    faults.add(kind="status", path="/v1/charges*", nth=[2, 4])
    hits = [faults.pick("GET", "/v1/charges", "GetCharges", "secret") is not None for _ in range(5)]
    assert hits == [False, True, False, True, False]


def test_the_same_seed_strikes_the_same_requests() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(kind="reset", probability=0.3)
        return [faults.pick("POST", "/v1/refunds", "PostRefunds", "secret") is not None for _ in range(200)]

    assert strikes(7) == strikes(7)
    assert strikes(7) != strikes(8)
    assert 30 <= sum(strikes(7)) <= 90


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "explode"},
        {"kind": "reset", "effect": "half"},
        {"kind": "reset", "probability": 2},
        {"kind": "cut", "x": 1},
    ],
)
def test_a_senseless_script_is_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"must|unknown"):
        Faults().add(**settings)
