"""The SDK over real HTTP, against the sandbox: reads, writes, faults, and what may not be sent."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import KeyRefused, StripeAbsent, StripeBroken, StripeUnreachable
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter, SdkExchange
from tillwright.kit.clock import ManualClock, SystemClock
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret


async def make_coupons(writer: LiveWriter, access: Access, count: int) -> list[str]:
    made = [
        await writer.send(access, "POST", "/v1/coupons", {"percent_off": 10, "duration": "once"}, f"make_{number}")
        for number in range(count)
    ]
    return [answer.body["id"] for answer in made]


async def test_reads_carry_the_pinned_version_and_tell_stripes_time(reader: LiveReader, access: Access) -> None:
    answer = await reader.get(access, "/v1/account")
    assert answer.body["id"] == access.account_id
    assert answer.request_id
    assert answer.headers["stripe-version"] == "2026-08-26.dahlia"
    assert answer.server_time is not None
    assert abs((answer.server_time - SystemClock().now()).total_seconds()) < 60


async def test_pages_follow_has_more(reader: LiveReader, writer: LiveWriter, access: Access) -> None:
    made = await make_coupons(writer, access, 5)
    pages = [page async for page in reader.pages(access, "/v1/coupons", {"limit": 2})]
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [coupon["id"] for page in pages for coupon in page.items] == made[::-1]


async def test_a_repeated_key_is_a_replay(writer: LiveWriter, access: Access, stripe_sandbox: Sandbox) -> None:
    params = {"percent_off": 10, "duration": "once", "metadata": {"a": "b"}}
    first = await writer.send(access, "POST", "/v1/coupons", params, "same")
    again = await writer.send(access, "POST", "/v1/coupons", params, "same")
    assert first.body == again.body
    assert (first.replayed, again.replayed) == (False, True)
    assert len(stripe_sandbox.world.ledger.writes) == 1


@pytest.mark.parametrize("kind", ["reset", "cut", "html"])
async def test_a_broken_answer_after_the_effect_is_sent_again_under_the_same_key(
    writer: LiveWriter, access: Access, stripe_sandbox: Sandbox, kind: str
) -> None:
    stripe_sandbox.world.faults.add(kind=kind, path="/v1/coupons", times=1, effect="done", status=502)
    answer = await writer.send(access, "POST", "/v1/coupons", {"percent_off": 5, "duration": "once"}, "key")
    assert answer.replayed
    assert len(stripe_sandbox.world.ledger.writes) == 1


async def test_a_stored_500_is_not_sent_for_ever(writer: LiveWriter, access: Access, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.world.faults.add(kind="stored", path="/v1/coupons", times=1, effect="done", status=500)
    with pytest.raises(StripeBroken) as caught:
        await writer.send(access, "POST", "/v1/coupons", {"percent_off": 5, "duration": "once"}, "key")
    assert caught.value.facts.replayed
    assert caught.value.unknown
    assert caught.value.tries == 2


async def test_an_unreachable_stripe_says_so(clock: ManualClock, access: Access) -> None:
    reader = LiveReader("http://127.0.0.1:9", limits=NoLimits(), clock=clock)
    with pytest.raises(StripeUnreachable) as caught:
        await reader.get(access, "/v1/account")
    assert "could not be reached" in caught.value.sentence
    await reader.close()


async def test_the_reader_can_send_nothing_but_get(stripe_sandbox: Sandbox, access: Access) -> None:
    reads = SdkExchange(stripe_sandbox.url, methods=frozenset({"GET"}))
    for method in ("POST", "DELETE"):
        with pytest.raises(PermissionError):
            await reads(access, method, "/v1/customers", {}, "key")
    assert not hasattr(LiveReader, "send")
    assert stripe_sandbox.world.ledger.requests == []


async def test_a_write_without_a_key_is_a_mistake_of_ours(writer: LiveWriter, access: Access) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        await writer.send(access, "POST", "/v1/coupons", {}, "")


async def test_acting_on_a_connected_account_sends_its_id(
    reader: LiveReader, access: Access, stripe_sandbox: Sandbox
) -> None:
    stripe_sandbox.world.add_account("acct_connected", "Connected", platform=stripe_sandbox.account)
    answer = await reader.get(replace(access, on_account="acct_connected"), "/v1/account")
    assert answer.body["id"] == "acct_connected"


@pytest.mark.parametrize(
    "base", ["http://api.stripe.com", "https://user:pw@api.stripe.com", "api.stripe.com", "ftp://x"]
)
def test_keys_go_to_no_unsafe_address(base: str) -> None:
    with pytest.raises(Invalid) as caught:
        SdkExchange(base, methods=frozenset({"GET"}))
    assert caught.value.field == "TILLWRIGHT_STRIPE_API_BASE"


async def test_errors_are_typed(reader: LiveReader, access: Access) -> None:
    with pytest.raises(StripeAbsent) as caught:
        await reader.get(access, "/v1/customers/cus_none")
    assert caught.value.stripe_code == "resource_missing"
    with pytest.raises(KeyRefused):
        await reader.get(replace(access, key=Secret("sk_test_unknown00000")), "/v1/account")


async def test_the_log_holds_neither_keys_nor_parameters(
    reader: LiveReader, writer: LiveWriter, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await writer.send(access, "POST", "/v1/customers", {"email": "canary@example.com"}, "key")
        await reader.get(access, "/v1/customers", {"email": "canary@example.com"})
    assert "POST /v1/customers -> 200" in caplog.text
    assert "canary" not in caplog.text
    assert access.key.reveal() not in caplog.text
