"""Time travel: a backup is started hours later, at a Stripe that remembers what the backup has forgotten."""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from tests.conftest import START
from tests.domains.automation.stage import Crash, CrashPoints, Handed, KeptSteps
from tests.sandbox.conftest import Sandbox, serve_world
from tillwright.domains import events
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House, build
from tillwright_sandbox.world import make_world

SEEDS = [int(seed) for seed in os.environ.get("RESTORE_SEEDS", "1").split()]
AWAY = 6 * 3600.0

WORKFLOWS = (
    """
name: welcome
trigger: {stripe_event: customer.created}
steps:
  - {id: coupon, action: create_coupon, with: {percent_off: 10, metadata: {of: "${object.id}"}}}
  - {id: code, action: create_promotion_code, with: {coupon: "${steps.coupon.id}", customer: "${object.id}"}}
""",
    """
name: give_back
trigger: {stripe_event: charge.succeeded}
steps:
  - {id: refund, action: refund_payment, with: {charge: "${object.id}", amount: 100}}
""",
    """
name: thank
trigger: {event: "entitlement:STRIPE:create"}
steps:
  - {id: coupon, action: create_coupon, with: {percent_off: 5, metadata: {of: "${event.data.entitlementId}"}}}
""",
)


@pytest.fixture
def stripe_sandbox() -> Iterator[Sandbox]:
    """A Stripe whose clock stands until it is moved."""
    world = make_world()
    world.limits.enabled = False
    world.clock.start_at(START.timestamp())
    world.clock.freeze()
    yield from serve_world(world)


@dataclass
class Account:
    """What people do at Stripe; it goes on whatever becomes of us."""

    sandbox: Sandbox
    dice: random.Random
    customers: list[str] = field(default_factory=list)
    charges: list[str] = field(default_factory=list)
    subscriptions: int = 0

    def __post_init__(self) -> None:
        price = {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}}
        self.price = self.sandbox.client.v1.prices.create({**price, "product_data": {"name": "Plan"}}).id  # type: ignore[typeddict-item]

    def happen(self) -> None:
        client = self.sandbox.client
        what = self.dice.choice(("customer", "payment", "subscription"))
        customer = client.v1.customers.create({"name": "Ada", "email": "ada@example.com"}).id
        self.customers.append(customer)
        if what == "customer":
            return
        card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
        if what == "payment":
            paid = client.v1.payment_intents.create(
                {"amount": 5000, "currency": "eur", "customer": customer, "payment_method": card, "confirm": True,
                 "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
            )  # fmt: skip
            self.charges.append(str(paid.latest_charge))
        else:
            client.v1.subscriptions.create(
                {"customer": customer, "items": [{"price": self.price}], "default_payment_method": card}
            )
            self.subscriptions += 1
            self.charges.append(str(client.v1.charges.list({"customer": customer}).data[0].id))

    def effects(self) -> Counter[str]:
        """Everything that our workflows made at Stripe, by what it was made for."""
        found: Counter[str] = Counter()
        for coupon in self.sandbox.objects.find("coupon"):
            found[f"coupon for {coupon['metadata']['of']}"] += 1
        for code in self.sandbox.objects.find("promotion_code"):
            found[f"code for {code['customer']}"] += 1
        for refund in self.sandbox.objects.find("refund"):
            found[f"refund of {refund['charge']}"] += refund["amount"]
        return found


@dataclass
class Installation:
    """One database, and the processes on it."""

    house: House
    principal: Principal
    clock: ManualClock
    account: Account
    queue: Handed
    over: set[str] = field(default_factory=set)

    def pass_time(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.account.sandbox.world.clock.advance(seconds)

    async def work(self, *, crash: random.Random | None = None) -> None:
        """What web and worker do until there is nothing to do; with `crash`, some runs are left half done."""
        organisation = self.principal.organisation_id
        for _ in range(3):
            self.pass_time(301)
            while await self.house.webhooks.poll_step():
                pass
            while await self.house.webhooks.apply_pending():
                pass
            while await self.house.mirror.refetch_step():
                pass
            while await self.house.entitlements.follow_step():
                pass
            while await events.hand_on_together(
                self.house.database, organisation, "automation", self.house.automation.match_events
            ):
                pass
            await self.house.automation.hand_over(self.queue)
            for queue_id in [each for each in self.queue.payloads if each not in self.over]:
                points = CrashPoints(at=crash.randrange(1, 8) if crash and crash.random() < 0.5 else None)
                with contextlib.suppress(Crash):
                    ended = await self.house.automation.execute(
                        KeptSteps(self.clock, points), self.queue.payloads[queue_id]
                    )
                    assert ended != PARKED
                    self.over.add(queue_id)


async def open_on(url: Secret, before: House) -> House:
    database = Database(url, size=4)
    await database.start()
    made = build(before.settings, database, before.clock)
    await made.removal.settle_ledger()
    return made


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_done_twice_and_nothing_is_missed(
    seed: int, house: House, stripe_sandbox: Sandbox, clock: ManualClock, database_url: Secret, database_server: str
) -> None:
    print(f"RESTORE_SEEDS={seed}")
    dice = random.Random(seed)
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long enough password")
    await house.integrations.connect(
        principal, publishable_key=stripe_sandbox.publishable_key, secret_key=Secret(stripe_sandbox.restricted_key)
    )
    await house.verification.verify(principal)
    account = Account(stripe_sandbox, dice)
    now = Installation(house, principal, clock, account, Handed())
    await house.webhooks.register(principal.organisation_id)
    while await house.mirror.backfill_step():
        pass
    await now.work()
    for source in WORKFLOWS:
        await house.automation.save(principal, source, activate=True)
    for _ in range(dice.randrange(2, 6)):
        account.happen()
    await now.work(crash=dice)

    backup = f"backup_{principal.organisation_id}"
    name = database_url.reveal().split("/")[3].split("?")[0]
    await house.database.stop()
    with psycopg.connect(database_server, autocommit=True) as server:
        server.execute(f'create database "{backup}" template "{name}"')  # type: ignore[arg-type]
    # The engine's own checkpoints are in the database: what was handed over by then is in the backup too.
    kept, over = Handed(), set(now.over)
    kept.payloads.update(now.queue.payloads)
    lost = await open_on(database_url, house)
    try:
        now.house = lost
        for _ in range(dice.randrange(2, 6)):
            account.happen()
            await now.work(crash=dice)
        now.pass_time(max(0.0, AWAY - (clock.now() - START).total_seconds()))
        await lost.database.stop()

        restored = await open_on(Secret(database_url.reveal().replace(name, backup)), house)
        after = Installation(restored, principal, clock, account, kept, over)
        for _ in range(dice.randrange(2)):
            account.happen()
        await after.work()
        await after.work()
        await restored.database.stop()
    finally:
        with psycopg.connect(database_server, autocommit=True) as server:
            server.execute(f'drop database if exists "{backup}" with (force)')  # type: ignore[arg-type]

    made = account.effects()
    wanted = {f"coupon for {customer}": 1 for customer in account.customers}
    wanted |= {f"code for {customer}": 1 for customer in account.customers}
    wanted |= {f"refund of {charge}": 100 for charge in account.charges}
    thanks = {what: count for what, count in made.items() if what.startswith("coupon for ent_")}
    assert {what: count for what, count in made.items() if what not in thanks} == wanted
    assert set(thanks.values()) <= {1}
    assert len(thanks) == account.subscriptions
