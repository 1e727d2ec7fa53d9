"""Credit wallets against the sandbox: what Stripe has is what was meant, once, and never below what was spent."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.domains.billing import Asked
from tillwright.domains.billing.credits.model import Wallet
from tillwright.domains.billing.credits.service import Terms
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.tenancy import Principal
from tillwright.kit.clock import ManualClock, SystemClock
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import Secret
from tillwright.wiring import House


@dataclass
class Counter:
    """A shop with one buyer, and how its balance stands."""

    house: House
    sandbox: Sandbox
    clock: ManualClock
    principal: Principal
    buyer: str

    async def create(self, operation: str | None = None, **terms: Any) -> Wallet:
        self.clock.move(1)
        asked = Asked(self.principal, "wallet:create", operation)
        wanted: dict[str, Any] = {"currency": "eur", **terms}
        return await self.house.credits.create(asked, self.buyer, Terms(**wanted))

    async def update(self, wallet: Wallet, **terms: Any) -> Wallet:
        self.clock.move(1)
        return await self.house.credits.update(
            Asked(self.principal, "wallet:update"), self.buyer, wallet.id, Terms(**terms)
        )

    async def close(self, wallet: Wallet, *, delete: bool = False) -> Wallet:
        self.clock.move(1)
        asked = Asked(self.principal, "wallet:close")
        return await self.house.credits.close(asked, self.buyer, wallet.id, delete=delete)

    async def shown(self) -> dict[str, tuple[int, int]]:
        """(total, spent) of each listed wallet."""
        listed = await self.house.credits.of_buyer(self.principal, self.buyer)
        return {wallet.id: (wallet.wanted, wallet.spent) for wallet in listed}

    @property
    def balance(self) -> int:
        """Credit in minor units; negative where the buyer owes."""
        return -int(self.sandbox.client.v1.customers.retrieve(self.buyer).balance or 0)

    def spend(self, amount: int) -> str:
        """An invoice that takes credit; its id."""
        at = self.sandbox.client.v1
        invoice = at.invoices.create({"customer": self.buyer, "currency": "eur"})
        at.invoice_items.create(
            {"customer": self.buyer, "invoice": invoice.id, "amount": amount, "currency": "eur", "description": "Hours"}
        )
        at.invoices.finalize_invoice(invoice.id)
        return str(invoice.id)

    async def meet(self, name: str) -> str:
        """Another customer at Stripe, known to the mirror; becomes the buyer."""
        made = self.sandbox.client.v1.customers.create({"name": name})
        organisation, at = self.principal.organisation_id, self.clock.now()
        copy = FetchedCopy(False, "customer", made.id, self.sandbox.account, at, False, made.to_dict())
        async with self.house.database.tenant(organisation) as tx:
            await self.house.mirror.keep(tx, organisation, [copy])
        self.buyer = made.id
        return self.buyer


@pytest.fixture
async def counter(house: House, organisation: str, stripe_sandbox: Sandbox, clock: ManualClock) -> Counter:
    clock.move(
        (SystemClock().now() - clock.now()).total_seconds()
    )  # the sandbox's own: what is looked for there is looked for by its time
    principal = Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN")
    await house.integrations.connect(
        principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    made = Counter(house, stripe_sandbox, clock, principal, "")
    await made.meet("Ada")
    return made


async def test_a_total_is_put_on_the_balance_and_spent_by_invoices(counter: Counter) -> None:
    wallet = await counter.create(total=Decimal("250.50"))
    assert (wallet.wanted, wallet.placed, wallet.remaining, counter.balance) == (25050, 25050, 25050, 25050)
    counter.spend(10_000)
    assert await counter.shown() == {wallet.id: (25050, 10_000)}
    async with counter.house.database.tenant(counter.principal.organisation_id) as tx:
        mirrored = await counter.house.mirror.get(tx, "customer", counter.buyer, livemode=False)
    assert mirrored.body["balance"] == -25050, "the mirror knows at once what we did"


async def test_a_total_is_raised_and_lowered_but_not_below_what_is_spent(counter: Counter) -> None:
    wallet = await counter.create(total=Decimal(100))
    assert (await counter.update(wallet, total=Decimal(130))).remaining == 13_000
    counter.spend(5_000)
    assert counter.balance == 8_000
    lowered = await counter.update(wallet, total=Decimal(60))
    assert (lowered.wanted, lowered.spent, counter.balance) == (6_000, 5_000, 1_000)
    with pytest.raises(Invalid, match=r"50\.00 EUR of this wallet are spent"):
        await counter.update(wallet, total=Decimal("49.99"))
    assert counter.balance == 1_000


async def test_closing_takes_back_the_rest_and_nobody_elses_credit(counter: Counter) -> None:
    counter.sandbox.client.v1.customers.balance_transactions.create(counter.buyer, {"amount": -700, "currency": "eur"})
    first = await counter.create(total=Decimal(50))
    second = await counter.create(total=Decimal(30))
    counter.spend(1_000)  # the 7.00 from elsewhere, then 3.00 of the first
    closed = await counter.close(first)
    assert (closed.state, closed.spent, counter.balance) == ("CLOSED", 300, 3_000)
    assert await counter.shown() == {first.id: (5_000, 300), second.id: (3_000, 0)}
    again = await counter.close(first)
    assert (again.closed, counter.balance) == (closed.closed, 3_000)
    with pytest.raises(Conflict, match="closed for good"):
        await counter.update(first, total=Decimal(10))
    await counter.close(second, delete=True)
    assert list(await counter.shown()) == [first.id]
    assert counter.balance == 0
    with pytest.raises(Absent):
        await counter.close(second)


async def test_an_invoice_that_comes_first_is_not_paid_twice(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the balance and the taking back, the credit is spent."""
    wallet = await counter.create(total=Decimal(50))
    decide = counter.house.credits.settling._decide
    spent: list[str] = []

    async def late(organisation_id: str, of: Wallet, number: int, amount: int) -> Any:
        if not spent:
            spent.append(counter.spend(2_000))
        return await decide(organisation_id, of, number, amount)

    monkeypatch.setattr(counter.house.credits.settling, "_decide", late)
    closed = await counter.close(wallet)
    assert (closed.spent, counter.balance) == (2_000, 0), "the buyer owes nothing for what was prepaid"


async def test_starts_and_ends_by_themselves(counter: Counter) -> None:
    now = counter.clock.now()
    wallet = await counter.create(total=Decimal(80), starts=now + timedelta(days=1), expires=now + timedelta(days=3))
    assert (wallet.placed, counter.balance) == (0, 0)
    assert await counter.house.credits.settling.step() == 0
    counter.clock.move(timedelta(days=1, seconds=1).total_seconds())
    assert await counter.house.credits.settling.step() == 1
    assert counter.balance == 8_000
    counter.spend(3_000)
    counter.clock.move(timedelta(days=2).total_seconds())
    assert await counter.house.credits.settling.step() == 1
    assert (counter.balance, await counter.shown()) == (0, {wallet.id: (8_000, 3_000)})
    # A later end gives back what the first one took.
    await counter.update(wallet, expires=counter.clock.now() + timedelta(days=9))
    assert (counter.balance, await counter.shown()) == (5_000, {wallet.id: (8_000, 3_000)})
    with pytest.raises(Invalid, match="expire before"):
        await counter.update(wallet, starts=counter.clock.now() + timedelta(days=10))


async def test_every_currency_has_its_own_decimals(counter: Counter) -> None:
    for currency, total, minor in (("jpy", "500", 500), ("kwd", "1.250", 1_250), ("usd", "0.01", 1)):
        await counter.meet(currency)
        assert (await counter.create(currency=currency, total=Decimal(total))).wanted == minor
        assert counter.balance == minor


async def test_what_can_not_be_moves_nothing_and_leaves_no_wallet(counter: Counter) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"total": Decimal("0.001")}, "amount_invalid"),
        ({"total": Decimal(1_000_000)}, "amount_invalid"),
        ({"currency": None, "total": Decimal(5)}, "currency_missing"),
    ]
    for terms, code in wrong:
        with pytest.raises(Invalid) as caught:
            await counter.create(**terms)
        assert caught.value.code == code
    await counter.create(total=Decimal(5))
    with pytest.raises(Conflict, match="cannot combine currencies"):
        await counter.create(currency="usd", total=Decimal(5))
    assert (counter.balance, list((await counter.shown()).values())) == (500, [(500, 0)])
    counter.principal = Principal(counter.principal.organisation_id, "USER", "usr_v", "Vi", "VIEWER")
    with pytest.raises(Denied):
        await counter.create(total=Decimal(1))
    assert counter.balance == 500


async def test_the_same_operation_is_one_wallet(counter: Counter) -> None:
    wallets = {(await counter.create("prepaid-1", total=Decimal(20))).id for _ in range(3)}
    assert (len(wallets), counter.balance) == (1, 2_000)


async def test_many_at_once_move_what_was_meant(counter: Counter) -> None:
    wallet = await counter.create(total=Decimal(10))
    outcomes = await asyncio.gather(
        *(counter.update(wallet, total=Decimal(10 + n)) for n in range(6)), return_exceptions=True
    )
    assert all(isinstance(one, Wallet | Conflict) for one in outcomes), outcomes
    await counter.house.credits.settling.settle(counter.principal.organisation_id, wallet.id)
    ((total, spent),) = (await counter.shown()).values()
    assert (total, spent) == (counter.balance, 0)


async def test_an_outcome_nobody_heard_is_looked_up_and_not_repeated(counter: Counter) -> None:
    for fault in ({"kind": "reset", "effect": "done"}, {"kind": "stored", "status": 500, "effect": "done"}):
        await counter.meet(fault["kind"])
        counter.sandbox.world.faults.add(path="/v1/customers/*/balance_transactions", method="POST", times=5, **fault)
        with contextlib.suppress(Upstream):
            await counter.create("op", total=Decimal(40))
        counter.sandbox.world.faults.clear()
        for _ in range(3):
            counter.clock.move(timedelta(minutes=20).total_seconds())
            await counter.house.effects.settle_unknown(counter.principal.organisation_id)
            await counter.house.credits.settling.step()
        assert counter.balance == 4_000, fault
        assert list((await counter.shown()).values()) == [(4_000, 0)], fault


async def test_a_deleted_buyer_is_not_asked_for_ever(counter: Counter) -> None:
    wallet = await counter.create(total=Decimal(5), expires=counter.clock.now() + timedelta(days=1))
    counter.sandbox.client.v1.customers.delete(counter.buyer)
    counter.clock.move(timedelta(days=2).total_seconds())
    with pytest.raises(TillwrightError):
        await counter.house.credits.settling.settle(counter.principal.organisation_id, wallet.id)
    assert await counter.house.credits.settling.step() == 0
    async with counter.house.database.tenant(counter.principal.organisation_id) as tx:
        rows = await (await tx.execute("select due from credit_wallets")).fetchall()
    assert rows[0]["due"] is None or rows[0]["due"] > counter.clock.now(), "later, or never"
