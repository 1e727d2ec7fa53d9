"""What a read brings may be old before it is written: objects change, and say so, while any request is under way.

Backfill, fetches of objects in doubt and proof all read meanwhile. No event is lost, so whenever all is told and no
doubt is left, every object that is here is as it is at Stripe, without any list being read for it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.mirror.conftest import NOON, OneKey, Scripted, customer, event
from tillwright.domains.mirror import EventCopy, Mirror
from tillwright.domains.mirror.kinds import KINDS
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import Facts, RequestRefused
from tillwright.kit.clock import ManualClock

CHANGES = int(os.environ.get("CHANGES", "300"))  # the long trial has more
CUSTOMERS = "/v1/customers"


class Account(Scripted):
    """A list refuses to go on behind a customer who was deleted."""

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        cursor = params.get("starting_after")
        if cursor and all(row["id"] != cursor for row in self.lists[path]):
            said = Facts(status=400, code="resource_missing", param="starting_after")
            raise RequestRefused("stripe_request_refused", "No such customer", said)
        return super().page(path, params)


class Race:
    """An account that changes during requests; each change is told now, a little later, or at the end."""

    def __init__(
        self, dice: random.Random, stripe: Scripted, clock: ManualClock, mirror: Mirror, database: Database, owner: str
    ) -> None:
        self.dice, self.stripe, self.clock, self.mirror = dice, stripe, clock, mirror
        self.database, self.owner = database, owner
        self.bodies = {row["id"]: row for row in stripe.lists[CUSTOMERS]}
        self.kept: list[tuple[dict[str, Any], float, str]] = []
        self.left = CHANGES

    async def during(self, path: str, params: Mapping[str, Any]) -> None:
        """The answer is made already; now the world goes on before it arrives."""
        if path.startswith(CUSTOMERS):
            for _ in range(self.dice.randrange(6)):
                self.change()
            self.clock.move(self.dice.choice((0, 0, 0.2, 1, 15)))
            await self.tell(self.dice.choice((0.0, 0.3, 0.9)))

    def change(self) -> None:
        if self.left <= 0:
            return
        self.left -= 1
        self.clock.move(self.dice.choice((0, 0, 0.1, 0.4, 2)))
        chance = self.dice.random()
        if chance < 0.15 or not self.bodies:
            body = customer(10_000 + self.left, created=int(self.clock.now().timestamp()), name="new")
            kind = "customer.created"
        else:
            body = self.bodies[self.dice.choice(sorted(self.bodies))]
            kind = "customer.deleted" if chance < 0.3 else "customer.updated"
            body = body | {"name": f"{self.left}"} if kind == "customer.updated" else body
        self.bodies[body["id"]] = body
        self.stripe.objects[f"{CUSTOMERS}/{body['id']}"] = body
        if kind == "customer.deleted":
            del self.bodies[body["id"]]
            gone = {"id": body["id"], "object": "customer", "deleted": True}
            self.stripe.objects[f"{CUSTOMERS}/{body['id']}"] = gone
        self.stripe.lists[CUSTOMERS] = sorted(self.bodies.values(), key=lambda row: (-row["created"], row["id"]))
        self.kept.append((body, float(int(self.clock.now().timestamp() - NOON.timestamp())), kind))

    async def tell(self, share: float) -> None:
        """Deliver some of what was not told yet, in any order."""
        self.dice.shuffle(self.kept)
        cut = int(len(self.kept) * share)
        told, self.kept = self.kept[:cut], self.kept[cut:]
        received = self.clock.now().timestamp() - NOON.timestamp()
        copies: list[EventCopy] = [
            event(body, created, type=kind, received=received, event_id=f"evt_{body['id']}_{body.get('name')}_{kind}")
            for body, created, kind in told
        ]
        async with self.database.tenant(self.owner) as tx:
            await self.mirror.apply(tx, self.owner, copies + copies[:3])

    async def step(self) -> None:
        what = self.dice.random()
        if what < 0.3:
            await self.mirror.backfill_step(parallel=3, most=4)
        elif what < 0.7:
            await self.mirror.refetch_step(limit=8)
        else:
            await self.mirror.proving.turn(self.owner, pace=timedelta(), most=3)
        if self.dice.random() < 0.1:
            async with self.database.tenant(self.owner) as tx:
                await self.mirror.sweep(tx, self.owner, livemode=False)
        self.change()

    async def settled(self) -> dict[str, Any]:
        """Tell the rest and fetch what is in doubt; then what is here and not as at Stripe, with both copies."""
        self.stripe.before, hook = None, self.stripe.before
        await self.tell(1.0)
        self.clock.move(5)
        while await self.mirror.refetch_step(limit=200):
            self.clock.move(2)
        self.stripe.before = hook
        async with self.database.tenant(self.owner) as tx:
            assert await self.mirror.doubts(tx, livemode=False) == []
            rows = await tx.execute("select id, body, deleted from mirror_objects where object = 'customer'")
            ours = {row["id"]: None if row["deleted"] else row["body"] async for row in rows}
        return {name: (body, self.bodies.get(name)) for name, body in ours.items() if body != self.bodies.get(name)}


@pytest.mark.timeout(0 if CHANGES > 300 else 120)
async def test_an_answer_that_was_old_when_it_came_is_never_the_last_word(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"SEED={seed}")
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists[CUSTOMERS] = [customer(number, name="early") for number in reversed(range(150))]
    stripe = Account(lists=lists, objects={f"{CUSTOMERS}/{row['id']}": row for row in lists[CUSTOMERS]})
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    race = Race(random.Random(seed), stripe, clock, mirror, database, organisation)
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    stripe.before = race.during
    while race.left:
        for _ in range(race.dice.randint(1, 12)):
            await race.step()
        assert await race.settled() == {}
    asked = stripe.asked
    by_id = sum(number for path, number in asked.items() if "cus_" in path)
    print(f"{CHANGES} changes, {asked.total()} requests, {by_id} of them by id")
    stripe.before = None
    while await mirror.backfill_step():
        pass
    clock.move(60)
    assert await race.settled() == {}
    async with database.tenant(organisation) as tx:
        assert (await mirror.counts(tx, livemode=False))["customer"].present == len(race.bodies)
