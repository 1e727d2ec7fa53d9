"""When a request is sent again, and how long it waits."""

from __future__ import annotations

import pytest

from tests.contracts.recorded import ANSWERS
from tillwright.gateways.stripe import translate
from tillwright.gateways.stripe.retry import RetryPolicy

BY_NAME = {recorded.name: recorded for recorded in ANSWERS}


def failed(status: int, body: bytes = b"{}", **headers: str):
    return translate.failure(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (translate.unreachable("reset"), True),
        (failed(500), True),
        (failed(503), True),
        (failed(409), True),
        (failed(429), True),
        (failed(400), False),
        (failed(401), False),
        (failed(402), False),
        (failed(403), False),
        (failed(404), False),
        (failed(500, stripe_should_retry="false"), False),
        (failed(400, stripe_should_retry="true"), True),
        # A stored answer stays what it is.
        (failed(500, idempotent_replayed="true"), False),
        (failed(500, idempotent_replayed="true", stripe_should_retry="true"), False),
    ],
)
def test_only_what_may_fare_better_is_sent_again(failure, again: bool) -> None:
    assert (RetryPolicy().wait_after(failure, 1, 0.5) is not None) is again


def test_waits_grow_are_jittered_and_end() -> None:
    policy = RetryPolicy(tries=5, base=0.25, cap=1.0)
    waits = [policy.wait_after(failed(500), done, 0.999) for done in (1, 2, 3, 4, 5)]
    assert [round(wait, 2) for wait in waits if wait] == [0.25, 0.5, 1.0, 1.0]
    assert waits[-1] is None
    assert policy.wait_after(failed(500), 1, 0.0) == 0.125


def test_stripes_own_wait_is_honoured_and_spread() -> None:
    policy = RetryPolicy()
    assert policy.wait_after(failed(429, retry_after="3"), 1, 0.0) == 3.0
    spread = policy.wait_after(failed(429, retry_after="3"), 1, 0.9)
    assert spread is not None
    assert spread > 3.0
    assert policy.wait_after(failed(429, retry_after="3600"), 1, 0.0) is None, "an hour is not waited for in a request"
    assert policy.wait_after(failed(429, retry_after="soon"), 1, 0.0) is not None
