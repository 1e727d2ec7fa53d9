"""Rate limits: 100 a second live, 25 in test, 25 an endpoint, 20 for Search; a 429 as Stripe words it."""

import contextlib

import pytest
import stripe

from tillwright_sandbox.errors import StripeError
from tillwright_sandbox.limits import Limits


class Real:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def passed(limits: Limits, operations: list[str], livemode: bool) -> int:
    """How many of these requests, all in one instant, get through."""
    count = 0
    for operation in operations:
        with contextlib.suppress(StripeError):
            limits.check("acct_1", livemode, operation)
            count += 1
    return count


@pytest.mark.parametrize(
    ("livemode", "operations", "expected"),
    [
        (True, [f"Get{n % 10}" for n in range(150)], 100),
        (False, [f"Get{n % 10}" for n in range(150)], 25),
        (True, ["GetCustomers"] * 60, 25),
        (True, ["GetCustomersSearch"] * 60, 20),
    ],
    ids=["account live", "account test", "endpoint", "search"],
)
def test_the_rates(livemode: bool, operations: list[str], expected: int) -> None:
    assert passed(Limits(Real()), operations, livemode) == expected


def test_refills_evenly_and_keeps_accounts_apart() -> None:
    real = Real()
    limits = Limits(real)
    assert passed(limits, ["GetCustomers"] * 30, True) == 25
    real.at = 0.2
    assert passed(limits, ["GetCustomers"] * 30, True) == 5
    limits.check("acct_2", True, "GetCustomers")
    limits.check("acct_1", False, "GetCustomers")


def test_scaled_and_switched_off() -> None:
    limits = Limits(Real())
    limits.set(scale=2)
    assert passed(limits, ["GetCustomers"] * 80, True) == 50
    limits.set(enabled=False)
    assert passed(limits, ["GetCustomers"] * 80, True) == 80
    with pytest.raises(ValueError, match="above 0"):
        limits.set(scale=0)


def test_the_answer_says_when_to_come_back(sandbox) -> None:
    sandbox.world.limits.set(enabled=True, scale=0.08)
    try:
        with pytest.raises(stripe.RateLimitError) as refused:
            for _ in range(5):
                sandbox.client.v1.customers.list()
    finally:
        sandbox.world.limits.set(enabled=False, scale=1.0)
    error = refused.value
    assert error.http_status == 429
    assert error.error.code == "rate_limit"
    assert "rate limit" in error.user_message
    assert error.headers["Stripe-Should-Retry"] == "true"
    assert int(error.headers["Retry-After"]) >= 1


def test_a_refused_write_is_not_executed_and_its_key_stays_free(sandbox) -> None:
    sandbox.world.limits.set(enabled=True, scale=0.04)
    key = {"idempotency_key": "limit-1"}
    try:
        sandbox.client.v1.customers.list()
        with pytest.raises(stripe.RateLimitError):
            sandbox.client.v1.customers.create({"name": "Late"}, key)
    finally:
        sandbox.world.limits.set(enabled=False, scale=1.0)
    made = sandbox.client.v1.customers.create({"name": "Late"}, key)
    assert [row["id"] for row in sandbox.client.v1.customers.list().data].count(made.id) == 1
    assert [line.accepted for line in sandbox.world.ledger.requests if line.idempotency_key == "limit-1"] == [
        False,
        True,
    ]
