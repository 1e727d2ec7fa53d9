"""Retries, deadlines and unknown outcomes, over an exchange whose answers are scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tillwright.gateways.stripe import translate
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.calls import Calls, Reply, check_request
from tillwright.gateways.stripe.errors import (
    KeyRefused,
    RateLimited,
    RequestRefused,
    StripeBroken,
    StripeFailure,
    StripeUnreachable,
)
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.kit.clock import ManualClock, SystemClock
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret

ACCESS = Access("org", Secret("sk_test_abcdefgh"), False)


class Script:
    """Gives one answer after the other, the last one for ever; notes the keys it was sent."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.keys: list[str | None] = []

    async def __call__(
        self, access: Access, method: str, path: str, params: Mapping[str, Any], idempotency_key: str | None
    ) -> Reply:
        self.keys.append(idempotency_key)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "reset":
            raise translate.unreachable("reset")
        if answer == "hang":
            await asyncio.sleep(30)
        if answer == "html":
            return Reply(200, {}, b"<html></html>")
        assert isinstance(answer, int)
        return Reply(answer, {"request-id": "req_1"}, b'{"id": "x_1"}')


class NoTurn(NoLimits):
    async def take(self, *args: Any, **options: Any) -> bool:
        return False


async def call(script: Script, *, deadline: float = 60, retry: bool = True, clock=None, limits=None):
    calls = Calls(script, limits=limits or NoLimits(), clock=clock or ManualClock(SystemClock().now()))
    return await calls.call(
        ACCESS, "POST", "/v1/coupons", {}, "key_1", lane="interactive", deadline=deadline, retry=retry
    )


async def test_every_retry_carries_the_same_key() -> None:
    script = Script("reset", 500, 429, 409, 200)
    answer = await call(script)
    assert answer.status == 200
    assert script.keys == ["key_1"] * 5


@pytest.mark.parametrize(
    ("answers", "error", "unknown", "tries"),
    [
        ((400,), RequestRefused, False, 1),
        ((429,), RateLimited, False, 5),
        (("reset",), StripeUnreachable, True, 5),
        (("html",), StripeBroken, True, 5),
        # A refusal before the key is looked at says nothing of an earlier try.
        (("reset", 401), KeyRefused, True, 2),
        (("reset", 429), RateLimited, True, 5),
        # One that comes after it does: the first try left no result under the key.
        (("reset", 400), RequestRefused, False, 2),
    ],
)
async def test_the_outcome_is_unknown_if_any_try_may_have_taken_effect(
    answers: tuple[int | str, ...], error: type[StripeFailure], unknown: bool, tries: int
) -> None:
    with pytest.raises(error) as caught:
        await call(Script(*answers))
    assert caught.value.unknown is unknown
    assert caught.value.tries == tries


async def test_one_deadline_holds_over_everything() -> None:
    clock = SystemClock()
    started = clock.monotonic()
    with pytest.raises(StripeUnreachable) as caught:
        await call(Script("hang"), deadline=0.3, clock=clock)
    assert clock.monotonic() - started < 5
    assert caught.value.unknown
    assert "no answer in time" in caught.value.sentence


async def test_without_retry_it_is_sent_once() -> None:
    script = Script(500)
    with pytest.raises(StripeBroken):
        await call(script, retry=False)
    assert len(script.keys) == 1


async def test_no_room_in_the_budget_sends_nothing() -> None:
    script = Script(200)
    with pytest.raises(RateLimited) as caught:
        await call(script, limits=NoTurn())
    assert script.keys == []
    assert not caught.value.unknown


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("PUT", "/v1/customers", {}),
        ("GET", "/v1/../v1/customers", {}),
        ("GET", "/v1/customers/..", {}),
        ("GET", "@evil.example/v1/x", {}),
        ("GET", "//evil.example/v1/x", {}),
        ("GET", "/v1/customers/cus_1?expand=x", {}),
        ("GET", "/v1/customers/cus 1", {}),
        ("GET", "/v1/customers/cus_1#x", {}),
        ("GET", "/v1/", {}),
        ("POST", "/v1/customers", {"api_key": "sk_live_other"}),
        ("POST", "/v1/customers", {"stripe_account": "acct_other"}),
        ("POST", "/v1/customers", {"headers": {}}),
    ],
)
def test_a_request_that_could_lead_elsewhere_is_refused(method: str, path: str, params: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        check_request(method, path, params)


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/coupons/SAVE-10.x", "/v1/plans/gold:2", "/v1/products/a,b"])
def test_usual_paths_pass(path: str) -> None:
    check_request("GET", path, {})
