"""Orders a death, and looks at what is left: nothing unreadable, no orphan at Stripe, and the work can be done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.sandbox.conftest import Sandbox
from tillwright.domains.removal.unfinished import LEASE
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification.permissions import wanted_rights
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.settings import Settings
from tillwright.wiring import House, build

WANTED = [right.removeprefix("rak_") for right in wanted_rights()]
PASSWORD = "correct horse battery"
LONGEST_LEASE = LEASE.total_seconds() + 4 * 60


@contextmanager
def dying(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The forking process, ended at the end."""
    base = {name: value for name, value in os.environ.items() if not name.startswith("TILLWRIGHT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kills.dying"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=base | environment,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


@dataclass
class Life:
    """An organisation whose processes die. `house` is one that lives on; its clock is everybody's."""

    house: House
    clock: ManualClock
    sandbox: Sandbox
    process: subprocess.Popen[bytes]
    who: Principal
    mode: str = "test"

    def order(self, work: str, at: int, secret: str = "", public: str = "") -> tuple[bool, int]:
        """(whether it died, how many points it passed if not)."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {
            "work": work, "at": at, "organisation": self.who.organisation_id, "user": self.who.actor_id,
            "clock": self.clock.now().isoformat(), "secret": secret, "public": public,
        }  # fmt: skip
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, f"{work} at point {at}: {answer['error']}"
        return answer["died"], answer["passed"]

    def key(self, livemode: bool = False) -> str:
        """Another key of the account's, with every right that is asked for."""
        return self.sandbox.world.keys.create(self.sandbox.account, livemode, WANTED).secret

    def public(self, livemode: bool = False) -> str:
        return f"pk_{'live' if livemode else 'test'}_sandbox_northwind"

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with self.house.database.tenant(self.who.organisation_id) as tx:
            return list(await (await tx.execute(query)).fetchall())  # type: ignore[arg-type]

    async def rested(self) -> None:
        """The clock stands still, so waiting for the rate budget takes no time; it fills in real time."""
        async with self.house.database.open() as tx:
            await tx.execute("delete from rate_buckets")

    async def settle(self) -> None:
        """What a worker does once the dead one's leases have run out."""
        self.clock.move(LONGEST_LEASE)
        await self.rested()
        while await self.house.removal.step():
            pass
        for _ in range(4):
            while await self.house.webhooks.registration_step():
                await self.rested()
            self.clock.move(LONGEST_LEASE)

    async def connected(self) -> bool:
        return bool(await self.rows("select * from integrations"))

    async def sound(self, point: str) -> None:
        """What must hold after every death, once it settled."""
        found = await self.rows("select * from integrations")
        sealed = await self.rows("select * from credentials where purpose = 'secret_key'")
        assert len(found) == len(sealed), f"{point}: a link without its key, or a key without its link"
        assert all(each.known for each in await self.house.custody.holdings()), f"{point}: sealed with a key nobody has"
        for row in await self.rows("select purpose from credentials"):
            async with self.house.database.tenant(self.who.organisation_id) as tx:
                await self.house.integrations._credentials.open(
                    tx, self.who.organisation_id, partner="STRIPE", purpose=row["purpose"], actor=self.who.actor,
                    why="see that it opens", at=self.clock.now(),
                )  # fmt: skip
        if found:
            access = await self.house.integrations.access(self.who.organisation_id)
            assert access.livemode is found[0]["livemode"], f"{point}: the key is of the other mode"
            assert access.livemode is ("_live_" in access.key.reveal()), f"{point}: the key is of the other mode"
        ours = await self.rows("select stripe_id, livemode from webhook_endpoints where state = 'ACTIVE'")
        there = {each["id"]: each["livemode"] for each in self.endpoints()}
        assert there == {row["stripe_id"]: row["livemode"] for row in ours}, f"{point}: an orphan at Stripe, or none"
        assert len({row["livemode"] for row in ours}) == len(ours), f"{point}: two endpoints of a mode"
        assert (await self.house.trail.verify(self.who)).whole, f"{point}: the trail is broken"

    def endpoints(self) -> list[dict[str, Any]]:
        """Ours at Stripe, of both modes."""
        return [dict(each) for each in self.sandbox.objects.find("webhook_endpoint")] + self.live_endpoints()

    def live_endpoints(self) -> list[dict[str, Any]]:
        answer = self.sandbox.http("GET", "/v1/webhook_endpoints", key="sk_live_sandbox_northwind")
        return answer.json()["data"]

    async def make(self) -> None:
        """Connected, verified, with its endpoint, as after a good start."""
        if not await self.connected():
            await self.house.integrations.connect(
                self.who, publishable_key=self.public(), secret_key=Secret(self.key())
            )
        await self.rested()
        await self.house.verification.verify(self.who)
        await self.settle()
        await self.rested()


async def begin(
    settings: Settings, database: Database, clock: ManualClock, sandbox: Sandbox, process: subprocess.Popen[bytes]
) -> Life:
    house = build(settings, database, clock)
    who = await house.tenancy.create_organisation("Northwind", "ada@example.com", PASSWORD, person="Ada")
    return Life(house, clock, sandbox, process, who)


async def kill(life: Life, work: str, at: int) -> bool:
    """One death of one kind of work and what must hold after it; False if the work was over before that point."""
    point = f"{work} at point {at}"
    if work == "connect":
        if await life.connected():
            await life.house.removal.delete_integration(life.who)
        await life.rested()
        died, _ = life.order("connect", at, life.key(), life.public())
    else:
        await life.make()
        live = bool((await life.rows("select livemode from integrations"))[0]["livemode"])
        into = not live if work == "switch" else live
        secret = life.key(into)
        died, _ = life.order(work, at, secret, life.public(into))
    await life.settle()
    await life.sound(point)
    await finish(life, work, point)
    return died


async def finish(life: Life, work: str, point: str) -> None:
    """Done again, by a process that lives, it ends well."""
    await life.rested()
    if work == "delete":
        if await life.connected():  # it died before the deletion was begun: the person asks again
            await life.house.removal.delete_integration(life.who)
        assert not await life.connected(), point
        assert life.endpoints() == [], f"{point}: an endpoint is left"
        assert await life.rows("select * from credentials where partner = 'STRIPE'") == [], point
        assert await life.rows("select * from unfinished_removals") == [], point
    elif work == "reseal":
        await life.house.custody.rotate()
        sealing = [each for each in await life.house.custody.holdings() if each.values]
        assert [each.present for each in sealing] == [True], f"{point}: two master keys seal"
    else:
        await life.make()
        (found,) = await life.rows("select status from integrations")
        assert found["status"] == "VERIFIED", point
        assert len(life.endpoints()) == 1, f"{point}: {life.endpoints()}"
    await life.sound(f"{point}, done again")
