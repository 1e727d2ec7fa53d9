"""An outage of 30 hours between a write and its retry, or a Stripe that keeps no key: nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.connected import Rooms
from tillwright.domains.billing import EffectResult, Effects
from tillwright.domains.billing.model import SETTLED

OPERATIONS = int(os.environ.get("TRIAL_OPERATIONS", "200"))
GROUP = 50
"""Operations that meet the same outage."""
OUTAGE = timedelta(hours=30).total_seconds()
LOST = (
    ("reset", 0, "done"), ("reset", 0, "none"), ("cut", 0, "done"), ("html", 502, "done"), ("html", 502, "none"),
    ("stored", 500, "done"), ("stored", 500, "none"), ("status", 503, "none"),
)  # fmt: skip
DEATHS = ("before", "after")
CANT_TELL = ("change", "cancel")
"""What may leave no mark, or one that a later change has put its own over."""


class Death(BaseException):
    """The process ends here; nothing in the product may catch it."""


class Mortal:
    """The writer of a process that dies before it sends, or as soon as the answer is there."""

    def __init__(self, writer: Any, dies: str) -> None:
        self._writer = writer
        self._dies = dies

    async def send(self, *args: Any, **options: Any) -> Any:
        if self._dies == "after":
            await self._writer.send(*args, **options)
        raise Death


@dataclass(frozen=True)
class Operation:
    run_id: str
    kind: str
    method: Any
    path: str
    params: Mapping[str, Any]


class Outage:
    """Operations whose answers were lost, and what is done when everything is back."""

    def __init__(self, rooms: Rooms, dice: random.Random) -> None:
        self.rooms = rooms
        self.dice = dice
        self.number = 0

    def mean(self, customers: list[str]) -> Operation:
        """One more thing to do; `customers` are those of its group."""
        client, customer, kind = self.rooms.sandbox.client, self.dice.choice(customers), self.dice.choice(list(KINDS))
        self.number += 1
        run_id = f"run_{self.number}"
        if kind == "delete":
            made = client.v1.coupons.create({"percent_off": 5, "duration": "once"})
            return Operation(run_id, kind, "DELETE", f"/v1/coupons/{made.id}", {})
        if kind == "cancel":
            intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
            return Operation(run_id, kind, "POST", f"/v1/payment_intents/{intent.id}/cancel", {})
        path, params = KINDS[kind]
        return Operation(run_id, kind, "POST", path.format(customer=customer), params | {})

    async def perform(self, one: Operation, effects: Effects | None = None) -> EffectResult:
        return await (effects or self.rooms.effects).perform(
            self.rooms.principal.organisation_id, run_id=one.run_id, step="it", method=one.method, path=one.path,
            params=one.params, livemode=False,
        )  # fmt: skip

    async def lose(self, one: Operation) -> None:
        """Perform it, and have its answer lost or the process die."""
        rooms, how = self.rooms, self.dice.choice((*LOST, *DEATHS))
        if isinstance(how, str):
            mortal = Effects(
                database=rooms.database, clock=rooms.clock, integrations=rooms.integrations, reader=rooms.reader,
                writer=Mortal(rooms.writer, how),
            )  # fmt: skip
            with contextlib.suppress(Death):  # unless it is found done before
                await self.perform(one, mortal)
            return
        kind, status, effect = how
        faults = rooms.sandbox.world.faults
        faults.add(kind=kind, path=one.path, method=one.method, status=status or 500, effect=effect, times=3)
        await self.perform(one)
        faults.clear()

    def wait(self, *, keys_kept: bool) -> None:
        """30 hours pass, here and at Stripe, which has forgotten every key since."""
        world = self.rooms.sandbox.world
        self.rooms.clock.move(OUTAGE)
        world.clock.advance(OUTAGE)
        world.idempotency.expire()
        world.idempotency.enabled = keys_kept


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "coupon": ("/v1/coupons", {"percent_off": 20, "duration": "once"}),
    "customer": ("/v1/customers", {"name": "Ada"}),
    "credit": ("/v1/customers/{customer}/balance_transactions", {"amount": -700, "currency": "eur"}),
    "change": ("/v1/customers/{customer}", {"name": "Bea"}),
    "delete": ("", {}),
    "cancel": ("", {}),
}


@pytest.mark.parametrize("keys_kept", [True, False], ids=["keys expire", "keys switched off"])
async def test_what_is_done_again_after_an_outage_is_done_once(rooms: Rooms, keys_kept: bool) -> None:
    seed = int(os.environ.get("TRIAL_SEED", "7"))
    print(f"seed {seed}, {OPERATIONS // 2} operations")
    await rooms.connect(secret=rooms.sandbox.secret_key)
    outage, world, ends = Outage(rooms, random.Random(f"{seed}:{keys_kept}")), rooms.sandbox.world, Counter[str]()
    while outage.number < OPERATIONS // 2:
        world.idempotency.enabled = True
        customers = [str(rooms.sandbox.client.v1.customers.create({"name": "Cy"}).id) for _ in range(4)]
        group = [outage.mean(customers) for _ in range(min(GROUP, OPERATIONS // 2 - outage.number))]
        for one in group:
            await outage.lose(one)
        outage.wait(keys_kept=keys_kept)
        for one in group:
            # Two take it up at once, or its answer is lost anew: only a Stripe that keeps keys tells these apart.
            again = outage.dice.random() if keys_kept else 1.0
            if again < 0.3:
                await asyncio.gather(outage.perform(one), outage.perform(one))
            elif again < 0.6:
                await outage.lose(one) if one.method == "POST" else await outage.perform(one)
            else:
                await outage.perform(one)
        outage.wait(keys_kept=keys_kept)
        for one in group:
            result = await outage.perform(one)
            writes = sum(line.idempotency_key == result.idempotency_key for line in world.ledger.writes)
            assert writes <= 1, (seed, one, "done twice")
            ends[f"{one.kind} {result.state}"] += 1
            if one.kind in CANT_TELL:
                assert result.state in (*SETTLED, "UNKNOWN"), (seed, one, result)
            else:
                assert (result.state, writes) == ("DONE", 1), (seed, one, result)
        world.ledger.lines.clear()
    print(dict(ends))
