"""Whatever happens to deliveries on their way, the mirror ends up equal to Stripe."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import httpx

from tests.domains.webhooks.conftest import Rooms, connect, furnish
from tests.doors.api.conftest import serving
from tests.sandbox.conftest import Sandbox
from tillwright.domains.mirror.kinds import CORE
from tillwright.gateways.database import Database
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Seal

CUSTOMERS = int(os.environ.get("CUSTOMERS", "60"))  # the long trial has more


class Life:
    """What goes on in a Stripe account: things are made, changed, changed again in the same second, and deleted."""

    def __init__(self, sandbox: Sandbox, dice: random.Random) -> None:
        self.dice = dice
        self.http = httpx.AsyncClient(
            base_url=sandbox.url,
            headers={"Authorization": f"Bearer {sandbox.secret_key}", "Stripe-Version": "2026-08-26.dahlia"},
            timeout=30,
        )

    async def do(self, method: str, path: str, **data: str) -> dict[str, Any]:
        answer = await self.http.request(method, path, data=data or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def customer(self, number: int) -> None:
        made = await self.do("POST", "/v1/customers", name=f"Person {number}", email=f"p{number}@example.com")
        path = f"/v1/customers/{made['id']}"
        for change in range(self.dice.randrange(6)):
            await self.do("POST", path, name=f"Person {number}.{change}")
        if self.dice.random() < 0.2:
            await self.do("DELETE", path)

    async def coupon(self, number: int) -> None:
        await self.do("POST", "/v1/coupons", id=f"SAVE{number}", percent_off="10", duration="once")
        if number % 3 == 0:
            await self.do("DELETE", f"/v1/coupons/SAVE{number}")
        if number % 6 == 0:  # the same id again, with other terms
            await self.do("POST", "/v1/coupons", id=f"SAVE{number}", percent_off="20", duration="once")

    async def product(self, number: int) -> None:
        made = await self.do("POST", "/v1/products", name=f"Product {number}")
        for change in range(self.dice.randrange(4)):
            await self.do("POST", f"/v1/products/{made['id']}", description=f"Better {change}")
        price = {"product": made["id"], "unit_amount": "1500", "currency": "eur"}
        if number % 2:
            await self.do("POST", "/v1/prices", **price)
        else:
            await self.do("DELETE", f"/v1/products/{made['id']}")

    async def go_on(self, until: int) -> None:
        jobs = [(self.customer, n) for n in range(until)]
        jobs += [(self.coupon, n) for n in range(until // 4)] + [(self.product, n) for n in range(until // 5)]
        self.dice.shuffle(jobs)
        room = asyncio.Semaphore(6)

        async def one(job: Any, number: int) -> None:
            async with room:
                await job(number)

        await asyncio.gather(*(one(*job) for job in jobs))


async def truth(life: Life, path: str, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    more, cursor = True, {}
    while more:
        page = (await life.http.get(path, params={**params, "limit": "100", **cursor})).json()
        found |= {row["id"]: row for row in page["data"]}
        more = page["has_more"]
        cursor = {"starting_after": page["data"][-1]["id"]} if more else {}
    return found


async def differences(rooms: Rooms, database: Database, organisation: str, life: Life) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    async with database.tenant(organisation) as tx:
        for kind in CORE:
            page = await rooms.mirror.list(tx, kind.object, livemode=False, limit=1000)
            ours = {each.id: each.body for each in page.items}
            theirs = await truth(life, kind.path, dict(kind.params))
            for object_id in ours.keys() | theirs.keys():
                if ours.get(object_id) != theirs.get(object_id):
                    wrong[object_id] = (ours.get(object_id), theirs.get(object_id))
    return wrong


async def test_the_mirror_ends_equal_to_stripe(
    database: Database, seal: Seal, stripe_sandbox: Sandbox, organisation: str
) -> None:
    """Duplicates, twins, shuffled deliveries, changes within a second, deletions, late updates, beside a backfill."""
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    life = Life(stripe_sandbox, random.Random(seed))
    for number in range(20):
        await life.do("POST", "/v1/customers", name=f"Early {number}")
    rooms = furnish(database, SystemClock(), seal, stripe_sandbox.url)
    async with serving(rooms.webhooks) as url:
        rooms.webhooks._endpoints._base = f"{url}/webhooks/stripe/"
        await connect(rooms, stripe_sandbox, organisation)
        await rooms.webhooks.register(organisation)
        stripe_sandbox.world.webhooks.fast_retries()
        stripe_sandbox.world.webhooks.chaos.set(duplicates=4, twins=0.2, shuffle_seconds=3.0, seed=seed)
        living = asyncio.create_task(life.go_on(CUSTOMERS))
        applied = 0
        async with asyncio.timeout(90 + CUSTOMERS - 60):
            quiet = 0
            while quiet < 15:
                steps = [
                    await rooms.webhooks.apply_pending(limit=40),
                    await rooms.mirror.backfill_step(parallel=2),
                    await rooms.mirror.refetch_step(limit=20),
                ]
                applied += steps[0]
                async with database.tenant(organisation) as tx:
                    doubts = await rooms.mirror.doubts(tx, livemode=False)
                busy = any(steps) or doubts or not living.done() or stripe_sandbox.world.webhooks.waiting()
                quiet = 0 if busy else quiet + 1
                await asyncio.sleep(0.05)
        await living
    print(f"{applied} events applied")
    assert applied > 3 * CUSTOMERS
    assert await differences(rooms, database, organisation, life) == {}
    async with database.tenant(organisation) as tx:
        spine = await (
            await tx.execute("select data->>'event_id' as id from spine_events where name like 'stripe:%'")
        ).fetchall()
        counts = await rooms.mirror.counts(tx, livemode=False)
        row = await (
            await tx.execute(
                "select count(*) filter (where deleted) as gone from mirror_objects where object = 'customer'"
            )
        ).fetchone()
    assert len({each["id"] for each in spine}) == len(spine) == applied, "each event told once"
    assert row is not None
    assert counts["customer"].deleted == row["gone"]
    await life.http.aclose()
    await rooms.reader.close()
    await rooms.writer.close()
