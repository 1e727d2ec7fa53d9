"""Refunds of one charge by everybody at once, at a Stripe that does not count: never above what was paid."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.domains.billing import Asked, Busy, EffectResult, Intent, Refunds, Verdict
from tillwright.domains.billing.model import Effect
from tillwright.domains.billing.refunds import LEASE
from tillwright.domains.billing.remainder import judge, promised, taking
from tillwright.domains.billing.service import QUIET
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.tenancy import Principal
from tillwright.gateways.stripe.answer import Answer
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import TillwrightError
from tillwright.kit.seal import Secret
from tillwright.wiring import House

PAID = 100_00


@dataclass
class Till:
    """A payment of 100.00 EUR, and the ways there are to give it back."""

    house: House
    clock: ManualClock
    sandbox: Sandbox
    principal: Principal
    customer: str
    payment: str
    charge: str

    @property
    def refunds(self) -> Refunds:
        """As another process has them."""
        house = self.house
        return Refunds(
            database=house.database, clock=house.clock, integrations=house.integrations, reader=house.reader,
            effects=house.effects,
        )  # fmt: skip

    def intent(self, name: str) -> Intent:
        return Intent(self.principal.organisation_id, f"run_{name}", "back", 1, False)

    async def by_api(self, amount: int, operation: str | None = None) -> Any:
        asked = Asked(self.principal, "refund:create", operation)
        return await self.house.transactions.refund(asked, self.customer, self.payment, Decimal(amount) / 100)

    async def by_step(self, name: str, amount: int | None, **more: Any) -> EffectResult | Verdict:
        return await self.refunds.refund(self.intent(name), self.charge, amount=amount, params={}, **more)

    async def by_request(self, name: str, amount: int) -> EffectResult | Verdict:
        path, params = random.choice(
            [
                ("/v1/refunds", {"charge": self.charge, "amount": amount}),
                ("/v1/refunds", {"payment_intent": self.payment, "amount": amount}),
                (f"/v1/charges/{self.charge}/refunds", {"amount": amount}),
                (f"/v1/charges/{self.charge}/refund", {"amount": amount}),
            ]
        )
        return await self.refunds.send(self.intent(name), path, params)

    @property
    def given_back(self) -> int:
        return sum(refund.amount for refund in self.sandbox.client.v1.refunds.list({"charge": self.charge}).data)


@pytest.fixture
async def till(house: House, clock: ManualClock, stripe_sandbox: Sandbox) -> Till:
    clock.move(stripe_sandbox.world.clock.now() - clock.now().timestamp())  # what is looked for, is looked for by time
    at = stripe_sandbox.client.v1
    customer = at.customers.create({"name": "Ada Example"})
    card = at.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    paid = at.payment_intents.create(
        {
            "amount": PAID,
            "currency": "eur",
            "customer": customer.id,
            "payment_method": card.id,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )  # fmt: skip
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "correct horse", person="Ada")
    await house.integrations.connect(
        principal, publishable_key=stripe_sandbox.publishable_key, secret_key=Secret(stripe_sandbox.secret_key)
    )
    body = stripe_sandbox.http("GET", f"/v1/payment_intents/{paid.id}").json()
    copy = FetchedCopy(False, "payment_intent", paid.id, stripe_sandbox.account, clock.now(), False, body)
    async with house.database.tenant(principal.organisation_id) as tx:
        await house.mirror.keep(tx, principal.organisation_id, [copy])
    stripe_sandbox.world.refunds_checked = False
    return Till(house, clock, stripe_sandbox, principal, customer.id, paid.id, str(paid.latest_charge))


async def tried(doing: Awaitable[Any]) -> None:
    """Whatever comes of it; only our own kinds of refusal are expected."""
    with contextlib.suppress(TillwrightError):
        await doing


@pytest.mark.parametrize("seed", [1, 2])
async def test_everybody_at_once(till: Till, seed: int) -> None:
    print(f"seed {seed}")
    random.seed(seed)
    ways: list[Callable[[int], Awaitable[Any]]] = [
        lambda n: till.by_api(random.randint(1, 60_00)),
        lambda n: till.by_api(random.randint(1, 60_00), f"operation-{n}"),
        lambda n: till.by_step(f"step{n}", random.randint(1, 60_00)),
        lambda n: till.by_request(f"request{n}", random.randint(1, 60_00)),
    ]
    await asyncio.gather(*(tried(random.choice(ways)(number)) for number in range(10)))
    assert 0 < till.given_back <= PAID
    till.clock.move(1)
    await till.by_step("rest", None)
    assert till.given_back == PAID
    with pytest.raises(TillwrightError, match="Nothing of the charge remains"):
        await till.by_api(1)
    with pytest.raises(TillwrightError, match="Nothing of the charge remains"):
        await till.by_api(1, "operation-late")


async def test_a_lost_answer_counts_as_taken_when_its_lease_is_over(till: Till) -> None:
    """It never reached Stripe, and is sent again after others had their turn."""
    till.sandbox.world.faults.add(kind="reset", path="/v1/refunds", method="POST", effect="none", times=20)
    lost = await till.by_step("lost", 60_00)
    assert isinstance(lost, EffectResult)
    assert lost.state == "UNKNOWN"
    till.sandbox.world.faults.rules.clear()
    till.clock.move(LEASE.total_seconds() + 1)
    with pytest.raises(Busy):
        await till.by_step("all", None)
    with pytest.raises(Busy):
        await till.by_api(41_00)
    await till.by_api(40_00)
    assert till.given_back == 40_00
    found = await till.by_step("lost", 60_00)
    assert isinstance(found, EffectResult)
    assert found.state == "DONE"
    assert till.given_back == PAID


async def test_a_lost_answer_is_looked_for_and_given_up_once_it_is_old(till: Till) -> None:
    till.sandbox.world.faults.add(kind="reset", path="/v1/refunds", method="POST", effect="done", times=20)
    await till.by_step("done", 60_00)
    till.sandbox.world.faults.rules.clear()
    till.sandbox.world.faults.add(kind="reset", path="/v1/refunds", method="POST", effect="none", times=20)
    till.clock.move(LEASE.total_seconds() + 1)
    await till.by_step("never", 30_00)
    till.sandbox.world.faults.rules.clear()
    assert till.given_back == 60_00
    till.clock.move(QUIET.total_seconds() + 1)
    await till.by_step("rest", None)
    assert till.given_back == PAID, "what never arrived is nobody's any more"
    gone = await till.by_step("never", 30_00)
    assert isinstance(gone, EffectResult)
    assert (gone.state, (gone.error or {})["code"]) == ("REFUSED", "effect_not_done")
    assert till.given_back == PAID


async def test_who_lost_the_lease_while_reading_does_not_send(till: Till) -> None:
    class Slow:
        """A process that stands still after it read the charge, for longer than its lease."""

        async def get(self, access: Any, path: str, *given: Any, **named: Any) -> Answer:
            answer = await till.house.reader.get(access, path, *given, **named)
            till.clock.move(LEASE.total_seconds() + 1)
            await till.by_step("other", 80_00)
            return answer

    house: Any = till.house
    slow = Refunds(
        database=house.database, clock=house.clock, integrations=house.integrations, reader=Slow(),  # pyright: ignore[reportArgumentType]
        effects=house.effects,
    )  # fmt: skip
    late = await slow.refund(till.intent("late"), till.charge, amount=80_00, params={})
    assert isinstance(late, EffectResult)
    assert (late.state, till.given_back) == ("PENDING", 80_00)
    again = await till.by_step("late", 80_00)
    assert isinstance(again, Verdict)
    assert (again.code, again.amount, till.given_back) == ("refund_above_remainder", 20_00, 80_00)


async def test_the_same_operation_with_another_amount_is_refused(till: Till) -> None:
    await till.by_api(10_00, "one")
    await till.by_api(10_00, "one")
    with pytest.raises(TillwrightError, match="another amount"):
        await till.by_api(11_00, "one")
    assert till.given_back == 10_00


@pytest.mark.parametrize(
    ("path", "params", "found"),
    [
        ("/v1/refunds", {"charge": "ch_1", "amount": 5}, ("ch_1", "", 5)),
        ("/v1/refunds", {"payment_intent": "pi_1", "amount": "5"}, ("", "pi_1", 5)),
        ("/v1/charges/ch_1/refund", {}, ("ch_1", "", None)),
        ("/v1/charges/ch_1/refunds", {"amount": 7}, ("ch_1", "", 7)),
        ("/v1/refunds/re_1", {}, None),
        ("/v1/charges/ch_1/refunds/re_1", {}, None),
        ("/v1/charges", {"amount": 7}, None),
    ],
)
def test_which_requests_take_from_a_charge(path: str, params: dict[str, Any], found: tuple[Any, ...] | None) -> None:
    one = taking(path, params)
    assert (one and (one.charge, one.payment_intent, one.amount)) == found


def test_what_others_may_have_taken() -> None:
    def of(path: str, **params: Any) -> Effect:
        none: Any = None
        return Effect("fx", "org", "run", "step", 1, "key", False, "acct", "POST", path, params, "UNKNOWN", 1, none,
                      none, None, None, none, None)  # fmt: skip

    charge = {"id": "ch_1", "amount": 1000, "payment_intent": "pi_1"}
    mine = [of("/v1/refunds", charge="ch_1", amount=5), of("/v1/refunds", payment_intent="pi_1", amount=6)]
    others = [of("/v1/refunds", charge="ch_2", amount=7), of("/v1/refunds", payment_intent="pi_2")]
    assert promised(charge, [*mine, *others]) == 11
    assert promised(charge, [of("/v1/charges/ch_1/refund")]) == 1000
    assert promised(charge | {"payment_intent": None}, [of("/v1/refunds", payment_intent="")]) == 0
    assert timedelta(0) < LEASE < QUIET, "who lost its lease is looked for before it is given up"


CHARGE = {"amount": 1000, "amount_captured": 1000, "amount_refunded": 0, "paid": True, "captured": True}
PARTLY = CHARGE | {"amount_captured": 600, "amount_refunded": 400}
"""As Stripe shows it where what was let go counts as refunded."""


@pytest.mark.parametrize(
    ("charge", "more", "wanted", "found"),
    [
        (CHARGE, {}, 1000, ("refund", 1000)),
        (CHARGE, {}, 1001, ("refused", 1000)),
        (CHARGE | {"amount_refunded": 1000}, {}, 1, ("refused", 0)),
        (CHARGE, {"promised": 400}, 600, ("refund", 600)),
        (CHARGE, {"promised": 400}, 601, ("busy", 0)),
        (CHARGE, {"promised": 400}, None, ("busy", 0)),
        (CHARGE | {"disputed": True}, {}, 5, ("refund", 5)),
        (CHARGE | {"captured": False, "amount_captured": 0}, {}, None, ("refund", 1000)),
        (PARTLY, {"given": 0}, None, ("refund", 600)),
        (PARTLY, {"given": 600}, None, ("refused", 0)),
        (PARTLY | {"amount_refunded": 0}, {"given": 0}, 601, ("refused", 600)),
        (PARTLY | {"amount_refunded": 500}, {"given": 100}, 501, ("refused", 500)),
    ],
)
def test_all_of_it_or_nothing(
    charge: dict[str, Any], more: dict[str, Any], wanted: int | None, found: tuple[str, int]
) -> None:
    verdict = judge(charge, wanted, exact=True, **more)
    assert (verdict.state, verdict.amount) == found


async def test_the_whole_of_a_part_that_was_captured_can_be_given_back(till: Till) -> None:
    at = till.sandbox.client.v1
    held = at.payment_intents.create(
        {
            "amount": 1000,
            "currency": "kwd",
            "customer": till.customer,
            "payment_method": "pm_card_visa",
            "capture_method": "manual",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )  # fmt: skip
    at.payment_intents.capture(held.id, {"amount_to_capture": 600})
    some = await till.refunds.refund(till.intent("some"), str(held.latest_charge), amount=200, params={})
    rest = await till.refunds.refund(till.intent("rest"), str(held.latest_charge), amount=None, params={})
    assert isinstance(some, EffectResult)
    assert isinstance(rest, EffectResult)
    assert [(done.answer or {})["amount"] for done in (some, rest)] == [200, 400]
