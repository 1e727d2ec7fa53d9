"""Thousands of events and whatever can happen to them on their way: after one sweep the mirror is equal to Stripe.

Deliveries come up to twenty times, shuffled, up to three days late, or never; some changes make no event at all; many
fall into one second; some events are of an old version, thin, or of types that nobody knows; what was deleted is told
to have changed. Nothing is asked for by polling, so that the sweep alone has to close what is missing.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import pytest

from tests.domains.mirror.conftest import OneKey, Scripted
from tests.domains.webhooks.conftest import Sender, listen
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS
from tillwright.domains.mirror.proof.service import LATE
from tillwright.domains.webhooks import Webhooks
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import Facts, StripeAbsent
from tillwright.kit.clock import ManualClock, to_unix
from tillwright.kit.seal import Seal

EVENTS = int(os.environ.get("EVENTS", "5000"))  # the long trial has more
CHANGES, ROUND = 100, 1800
"""Changes a round, and a round's length in seconds."""
DAYS = 3 * 86_400
LOST, NEVER_MADE = 0.05, 0.01
LIVING = {
    "customer": 0.45, "coupon": 0.1, "product": 0.1, "price": 0.05, "invoice": 0.1, "charge": 0.1, "payment_link": 0.05,
    "dispute": 0.05,
}  # fmt: skip
"""Each kind and its share of what is made."""


class Account(Scripted):
    """A Stripe that answers as of now, by id and in lists, and tells of each change by an event."""

    def __init__(self, dice: random.Random, livemode: bool) -> None:
        super().__init__(lists={kind.path: [] for kind in KINDS})
        self.dice, self.livemode = dice, livemode
        self.bodies: dict[str, dict[str, Any]] = {}  # by path; what was deleted is in `gone`
        self.gone: set[str] = set()
        self.alive: dict[str, list[str]] = {name: [] for name in LIVING}
        self.numbers, self.last = count(), ""
        self.order: dict[str, tuple[list[dict[str, Any]], dict[str, int]]] = {}

    def change(self, second: int) -> tuple[str, dict[str, Any]]:
        """Something happens; the event's type and the object's body as the event has it."""
        self.order.clear()
        dice = self.dice
        kind = dice.choices(list(LIVING), list(LIVING.values()))[0]
        alive = self.alive[kind]
        what = dice.random()
        if self.last and what < 0.15 and self.last not in self.gone:
            path = self.last  # again, mostly within the second
        elif not alive or what < 0.4:
            return self.made(kind, second)
        else:
            path = alive[dice.randrange(max(0, len(alive) - 40), len(alive))]  # what is young changes most
        kind = self.bodies[path]["object"]
        if BY_OBJECT[kind].deletable and dice.random() < 0.12:
            self.gone.add(path)
            self.alive[kind].remove(path)
            return f"{kind}.deleted", self.bodies[path]
        self.last = path
        self.bodies[path] = self.bodies[path] | {"name": f"Name {dice.getrandbits(32)}", "changes": next(self.numbers)}
        return f"{kind}.updated", self.bodies[path]

    def made(self, kind: str, second: int) -> tuple[str, dict[str, Any]]:
        ended = [path for path in self.gone if "/coupons/" in path] if kind == "coupon" else []
        again = bool(ended) and self.dice.random() < 0.3  # people choose these ids, and choose them twice
        name = self.dice.choice(sorted(ended)).rpartition("/")[2] if again else f"{kind[:2]}_{next(self.numbers)}"
        body = {"id": name, "object": kind, "created": second, "livemode": self.livemode, "name": "New"}
        self.last = f"{BY_OBJECT[kind].path}/{name}"
        self.gone.discard(self.last)
        self.bodies[self.last] = body
        self.alive[kind].append(self.last)
        return f"{kind}.created", body

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        rows, places = self.listed(path)
        start = places[params["starting_after"]] + 1 if "starting_after" in params else 0
        within = params.get("created", {})
        low, high = within.get("gte", 0), within.get("lte", 1 << 40)
        data: list[dict[str, Any]] = []
        for row in rows[start:]:
            if row["created"] < low or len(data) > params["limit"]:
                break
            if row["created"] <= high:
                data.append(row)
        return {"object": "list", "data": data[: params["limit"]], "has_more": len(data) > params["limit"]}

    def listed(self, path: str) -> tuple[list[dict[str, Any]], dict[str, int]]:
        if path not in self.order:
            kind = next(kind.object for kind in KINDS if kind.path == path)
            rows = [self.bodies[each] for each in self.alive.get(kind, [])]
            rows.sort(key=lambda row: (-row["created"], row["id"]))
            self.order[path] = rows, {row["id"]: place for place, row in enumerate(rows)}
        return self.order[path]

    async def get(self, access: Any, path: str, params: Any = None, **options: Any) -> Any:
        if path in self.gone and "/customers/" not in path:
            raise StripeAbsent("stripe_absent", "No such object.", Facts(status=404, code="resource_missing"))
        if path in self.bodies:
            body = self.bodies[path]
            stub = {"id": body["id"], "object": "customer", "deleted": True}
            self.objects[path] = stub if path in self.gone else body
        return await super().get(access, path, params, **options)


@dataclass
class Post:
    """What becomes of events on their way: each copy's round of arrival."""

    dice: random.Random
    sender: Sender
    due: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    told: Counter[str] = field(default_factory=Counter[str])
    untold: set[str] = field(default_factory=set[str])  # objects with a change of which no event arrives
    numbers: Iterator[int] = field(default_factory=count)

    def take(self, round_: int, second: int, type_: str, body: dict[str, Any]) -> None:
        """What is told of a change, and now and then something that nobody understands."""
        chance = self.dice.random()
        if chance < NEVER_MADE + LOST:
            self.told["never made" if chance < NEVER_MADE else "never delivered"] += 1
            self.untold.add(body["id"])
        else:
            self.send(round_, self.event(second, type_, body))
        number = next(self.numbers)
        if self.dice.random() < 0.02:
            strange = {"id": f"qu_{number % 7}", "object": "quantum", "created": second, "n": number}
            self.send(round_, self.sender.event(number, strange, type="quantum.leapt", created=second))
        elif self.dice.random() < 0.01:
            self.send(round_, self.sender.event(number, type="nothing.named", created=second, data={}))

    def send(self, round_: int, event: bytes) -> None:
        copies = self.dice.randint(2, 20) if self.dice.random() < 0.15 else 1
        for _ in range(copies):
            self.due[round_ + self.delay()].append(event)
        self.told["delivered"] += 1
        self.told["deliveries"] += copies

    def delay(self) -> int:
        chance = self.dice.random()
        return 0 if chance < 0.6 else self.dice.randint(0, 2) if chance < 0.85 else self.dice.randint(0, DAYS // ROUND)

    def event(self, second: int, type_: str, body: dict[str, Any]) -> bytes:
        number, chance = next(self.numbers), self.dice.random()
        if chance < 0.02 and not type_.endswith(".deleted"):  # an endpoint that was made years ago
            old = {"id": body["id"], "object": body["object"], "created": body["created"], "title": "in other words"}
            return self.sender.event(number, old, type=type_, created=second, api_version="2019-12-03")
        if chance < 0.03 and not type_.endswith(".deleted"):
            thin = {"id": f"evt_{number}", "object": "v2.core.event", "type": f"v1.{type_}", "created": second,
                    "livemode": self.sender.livemode,
                    "related_object": {"id": body["id"], "type": body["object"]}}  # fmt: skip
            return orjson.dumps(thin)
        return self.sender.event(number, body, type=type_, created=second)


@dataclass
class Storm:
    """One organisation's weeks, a round at a time."""

    dice: random.Random
    clock: ManualClock
    account: Account
    post: Post
    mirror: Mirror
    webhooks: Webhooks

    async def round(self, number: int, changes: int) -> None:
        second = to_unix(self.clock.now())
        for _ in range(changes):
            second += self.dice.choice((0, 0, 0, 1, 2, 60))
            self.post.take(number, second, *self.account.change(second))
        self.clock.move(max(ROUND, second + 1 - to_unix(self.clock.now())))
        arrived = self.post.due.pop(number, [])
        self.dice.shuffle(arrived)
        cut = self.dice.randint(0, len(arrived))
        for part in (arrived[:cut], arrived[cut:]):
            await asyncio.gather(*map(self.post.sender.send, part))
            if self.dice.random() < 0.7:
                await self.webhooks.apply_pending(limit=self.dice.choice((7, 60, 200)))
            self.clock.move(self.dice.choice((0, 0, 1, 3)))
            if self.dice.random() < 0.4:
                await self.mirror.refetch_step(limit=self.dice.choice((5, 40)))

    async def calm(self) -> None:
        """What the worker does, until there is nothing left to do."""
        while await self.webhooks.apply_pending(limit=500):
            pass
        self.clock.move(5)
        while await self.mirror.refetch_step(limit=500):
            self.clock.move(2)

    async def sweep(self, database: Database, organisation: str) -> None:
        """Every list once, and then whatever no list had."""
        async with database.tenant(organisation) as tx:
            await self.mirror.sweep(tx, organisation, livemode=self.account.livemode)
        while await self.mirror.backfill_step(parallel=4):
            pass
        await self.calm()
        self.clock.move(LATE.total_seconds() + 60)
        while await self.mirror.proving.turn(organisation, pace=LATE * 0):
            pass
        await self.calm()

    async def differences(self, database: Database, organisation: str) -> dict[str, Any]:
        """What is not as it is at Stripe, with both copies."""
        theirs = {(row["object"], row["id"]): row for path, row in self.account.bodies.items()
                  if path not in self.account.gone}  # fmt: skip
        async with database.tenant(organisation) as tx:
            rows = await tx.execute(
                "select object, id, body from mirror_objects where not deleted and object = any(%s)", (list(LIVING),)
            )
            ours = {(row["object"], row["id"]): row["body"] async for row in rows}
        return {
            name: (ours.get((kind, name)), theirs.get((kind, name)))
            for kind, name in ours.keys() | theirs.keys()
            if ours.get((kind, name)) != theirs.get((kind, name))
        }


@pytest.mark.timeout(0 if EVENTS > 5000 else 180)
async def test_after_one_sweep_the_mirror_is_equal_to_stripe(
    database: Database, organisation: str, clock: ManualClock, seal: Seal
) -> None:
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    livemode = dice.random() < 0.5
    print(f"SEED={seed}, {EVENTS:,} events, {'live' if livemode else 'test'} mode")
    account, began = Account(dice, livemode), time.process_time()
    keys: Any = OneKey()
    mirror = Mirror(clock=clock, database=database, keys=keys, reader=account)
    webhooks = Webhooks(
        clock=clock, database=database, integrations=keys, mirror=mirror, reader=account, writer=keys, seal=seal,
        public_url="http://127.0.0.1:1",
    )  # fmt: skip
    for _ in range(50):
        account.change(to_unix(clock.now()) - 86_400)
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=livemode)
    while await mirror.backfill_step():
        pass
    sender = await listen(database, seal, clock, webhooks, organisation, livemode=livemode)
    post = Post(dice, sender)
    storm = Storm(dice, clock, account, post, mirror, webhooks)
    rounds = EVENTS // CHANGES
    for number in range(rounds):
        await storm.round(number, CHANGES)
    late = sorted(post.due)
    for number in late[:: max(1, len(late) // 12)]:
        # The last days bring what is late and nothing new: several rounds' deliveries at a time.
        post.due[number] = [event for each in list(post.due) if each <= number for event in post.due.pop(each)]
        await storm.round(number, 0)
        clock.move(DAYS / 12)
    await asyncio.gather(*(sender.send(event) for each in list(post.due) for event in post.due.pop(each)))
    await storm.calm()
    missing = await storm.differences(database, organisation)
    asked = account.asked.total()
    await storm.sweep(database, organisation)
    print(f"{dict(post.told)}; {len(account.bodies):,} objects, {len(missing)} wrong before the sweep")
    print(
        f"{asked} requests, {account.asked.total() - asked} for the sweep; {time.process_time() - began:.1f} s of CPU"
    )
    assert post.told["delivered"] > EVENTS * 0.9
    assert missing, "what was lost can be known by a sweep only"
    assert missing.keys() <= post.untold, "whatever was told of whole is right without one"
    assert await storm.differences(database, organisation) == {}
    async with database.tenant(organisation) as tx:
        assert await mirror.doubts(tx, livemode=livemode) == []
        counts = await mirror.counts(tx, livemode=livemode)
        rows = await tx.execute("select count(*) as n, count(applied) as applied from stripe_events")
        stored = await rows.fetchone()
        spine = await (
            await tx.execute(
                "select count(*) as n, count(distinct data->>'event_id') as once from spine_events "
                "where name like 'stripe:%'"
            )
        ).fetchone()
        strange = (await mirror.list(tx, "quantum", livemode=livemode)).items
    assert stored == {"n": post.told["delivered"], "applied": post.told["delivered"]}, "each is kept, once"
    assert spine == {"n": post.told["delivered"], "once": post.told["delivered"]}, "each is told, once"
    assert {kind: counts[kind].present for kind in LIVING} == {kind: len(account.alive[kind]) for kind in LIVING}
    assert strange, "what nobody knows is kept, too"
    await webhooks.close()
