"""The sandbox's refusals are the recorded ones: both become the same errors, so what passes here holds at Stripe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.contracts.recorded import ANSWERS
from tests.sandbox.conftest import Sandbox
from tillwright.gateways.stripe import translate
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.live import SdkExchange
from tillwright.kit.seal import Secret

RECORDED = {recorded.name: recorded for recorded in ANSWERS}


@dataclass(frozen=True)
class Case:
    """A recorded answer's name, and the request that gets the same from a sandbox."""

    recorded: str
    method: str
    path: str
    params: dict[str, Any]
    prepare: Callable[[Sandbox, Access], Access] = lambda sandbox, access: access


def lacking(*rights: str, wording: str = "mixed", kind: str = "rk") -> Callable[[Sandbox, Access], Access]:
    def prepare(sandbox: Sandbox, access: Access) -> Access:
        key = sandbox.world.keys.create(sandbox.account, False, list(rights) if kind == "rk" else None, kind)
        key.wording = wording
        return replace(access, key=Secret(key.secret))

    return prepare


def stale(status: str) -> Callable[[Sandbox, Access], Access]:
    def prepare(sandbox: Sandbox, access: Access) -> Access:
        key = sandbox.world.keys.create(sandbox.account, False, None, "rk")
        key.status = status
        return replace(access, key=Secret(key.secret))

    return prepare


def fault(**rule: Any) -> Callable[[Sandbox, Access], Access]:
    def prepare(sandbox: Sandbox, access: Access) -> Access:
        sandbox.world.faults.add(**rule)
        return access

    return prepare


CASES = (
    Case("a missing right, the rak wording", "GET", "/v1/subscriptions", {}, lacking("charge_read", wording="rak")),
    Case("a missing right, the enabling wording", "GET", "/v1/prices", {}, lacking("charge_read", wording="enabling")),
    Case("a right no restricted key can have", "POST", "/v1/ephemeral_keys", {"customer": "c"}, lacking("charge_read")),
    Case("a foreign account", "GET", "/v1/account", {}, lambda _, a: replace(a, on_account="acct_acmesandbox0000")),
    Case(
        "a restricted key without Connect rights",
        "GET",
        "/v1/account",
        {},
        lambda s, a: replace(lacking("charge_read")(s, a), on_account="acct_acmesandbox0000"),
    ),
    Case("an unknown key", "GET", "/v1/account", {}, stale("revoked")),
    Case("an expired key", "GET", "/v1/account", {}, stale("expired")),
    Case("a public key where a secret one is needed", "GET", "/v1/customers", {}, lacking(kind="pk")),
    Case("no such object", "GET", "/v1/customers/cus_none", {}),
    Case("no such address", "GET", "/v1/orders", {}),
    Case("an unknown parameter", "POST", "/v1/customers", {"invoice_settings": {"nope": 1}}),
    Case("too many requests", "GET", "/v1/customers", {}, fault(kind="status", status=429)),
    Case("a request still under way", "POST", "/v1/customers", {}, fault(kind="status", status=409)),
    Case("a declined card", "POST", "/v1/customers", {}, fault(kind="status", status=402)),
    Case("an error of Stripe's own", "GET", "/v1/customers", {}, fault(kind="status", status=500)),
    Case("a proxy's page", "GET", "/v1/customers", {}, fault(kind="html", status=502)),
)


@pytest.fixture
async def exchange(stripe_sandbox: Sandbox) -> AsyncIterator[SdkExchange]:
    exchange = SdkExchange(stripe_sandbox.url, methods=frozenset({"GET", "POST", "DELETE"}))
    yield exchange
    await exchange.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.recorded)
async def test_the_sandbox_answers_as_recorded(case: Case, exchange: SdkExchange, stripe_sandbox: Sandbox) -> None:
    access = Access("org", Secret(stripe_sandbox.secret_key), False, stripe_sandbox.account)
    access = case.prepare(stripe_sandbox, access)
    reply = await exchange(access, case.method, case.path, case.params, "key" if case.method == "POST" else None)
    failure = translate.failure(reply.status, reply.headers, reply.raw)
    recorded = RECORDED[case.recorded]
    assert isinstance(failure, StripeFailure)
    assert (type(failure).__name__, failure.code, failure.status) == (
        recorded.becomes,
        recorded.code,
        recorded.status,
    )
    for name in ("code", "right", "param", "decline_code"):
        if name in recorded.facts and not (name == "code" and case.recorded == "too many requests"):
            assert getattr(failure.facts, name) == recorded.facts[name], name


def test_every_other_recorded_answer_is_named_here() -> None:
    """The recorded answers that no request to a sandbox can bring about are these, and no others."""
    left = set(RECORDED) - {case.recorded for case in CASES}
    assert left == {
        "a missing right, as a 401",
        "a missing right, as a 400",
        "a forbidden network address",
        "an idempotency key used for something else",
        "a redirection",
        "an error without a body",
        "an error that is a list",
    }
