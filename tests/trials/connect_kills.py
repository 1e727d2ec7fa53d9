"""A real process killed (SIGKILL) before and after each commit and each request of connecting and of disconnecting.

`python -m tests.trials.connect_kills`. The process that finishes a connection, or ends one, kills itself at the chosen
point; another recovers. Then what is linked here is authorised at Stripe, and nothing else is; what was ended stays so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.assistant.serving import serving

from tests.domains.connections.test_ending import Points
from tillwright.domains.connections import Connections
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.live import LiveOAuth
from tillwright.kit.clock import ManualClock, SystemClock
from tillwright.kit.seal import Seal, Secret
from tillwright.settings import read
from tillwright.wiring import House, build
from tillwright_sandbox.world import ACME, NORTHWIND, World, make_world

MOST = 20  # points of one act; there are 6 and 8
SESSION = "ses_ada"


class Deadly(Points):
    """Counts as in the tests, and then it is the process that ends."""

    def reach(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Bench:
    house: House
    world: World
    ada: Principal
    clock: ManualClock
    environment: dict[str, str]

    def granted(self) -> bool:
        return self.world.connect.reaches(NORTHWIND, ACME, False)

    async def linked(self) -> list[str]:
        return [each.account_id for each in await self.house.connections.mine(self.ada)]

    async def recover(self) -> None:
        """What the next process's worker does, in the time it takes."""
        for seconds in (180, 7 * 3600, 25 * 3600):
            self.clock.move(seconds)
            await self.house.connections.step()

    async def agree(self, what: str) -> None:
        await self.recover()
        assert (await self.linked() == [ACME]) is self.granted(), f"{what}: {await self.linked()}, {self.granted()}"

    async def told(self) -> dict[str, str]:
        """A person went to Stripe and is on the way back."""
        address = await self.house.connections.begin(self.ada, SESSION)
        state = dict(parse_qsl(urlsplit(address).query))["state"]
        return {"state": state, "code": self.world.connect.authorise(NORTHWIND, ACME, False, "read_only")}

    def run(self, act: str, at: int, **given: str) -> int:
        """The act in a process of its own; its exit code, -9 for a kill."""
        said = {"act": act, "at": at, "organisation": self.ada.organisation_id, "user": self.ada.actor_id, **given}
        environment = os.environ | self.environment | {"TRIAL": json.dumps(said)}
        done = subprocess.run(
            [sys.executable, "-m", "tests.trials.connect_kills", "--child"],
            env=environment, check=False, capture_output=True,
        )  # fmt: skip
        if done.returncode not in (0, -signal.SIGKILL):
            raise AssertionError(done.stderr.decode()[-2000:])
        return done.returncode


async def child() -> None:
    """Connect or disconnect, and be killed on the way."""
    said: dict[str, Any] = json.loads(os.environ["TRIAL"])
    settings = read(os.environ)
    assert settings.database.url
    points = Deadly(int(said["at"]))
    async with Database(settings.database.url) as database:
        house = build(settings, database, SystemClock())
        connections = Connections(
            clock=house.clock,
            database=points.database(database),  # type: ignore[arg-type]
            platforms=house.integrations,
            tenancy=house.tenancy,
            reader=ConnectedReader(house.reader),
            oauth=points.around(LiveOAuth(settings.stripe.connect_base), ("redeem", "revoke")),  # type: ignore[arg-type]
            seal=Seal(settings.keyring()),
            public_url=settings.web.public_url,
        )
        ada = Principal(said["organisation"], "USER", said["user"], "Ada", "ADMIN", "Northwind")
        if said["act"] == "connect":
            await connections.finish(ada, SESSION, state=said["state"], code=said["code"])
        else:
            await connections.disconnect(ada, said["connection"])
        await house.reader.close()
        await house.writer.close()


async def connecting(bench: Bench) -> int:
    """Killed at each point, until there is none left; how many there were."""
    for at in range(1, MOST):
        told = await asyncio.wait_for(bench.told(), 30)
        ended = await asyncio.to_thread(bench.run, "connect", at, **told)
        await bench.agree(f"connecting, killed at {at}")
        for each in await bench.house.connections.mine(bench.ada):
            await bench.house.connections.disconnect(bench.ada, each.id)
        await bench.agree(f"after connecting, killed at {at}")
        if ended == 0:
            return at - 1
    raise AssertionError("there are more points than there should be")


async def disconnecting(bench: Bench) -> int:
    for at in range(1, MOST):
        told = await bench.told()
        connection = await bench.house.connections.finish(bench.ada, SESSION, **told)
        ended = await asyncio.to_thread(bench.run, "disconnect", at, connection=connection.id)
        gone = not await bench.linked()
        await bench.agree(f"disconnecting, killed at {at}")
        if gone:
            assert not await bench.linked(), f"disconnecting, killed at {at}: it came back"
        for each in await bench.house.connections.mine(bench.ada):
            await bench.house.connections.disconnect(bench.ada, each.id)
        if ended == 0:
            return at - 1
    raise AssertionError("there are more points than there should be")


async def main(url: str, folder: Path) -> None:
    world, clock = make_world(), ManualClock(SystemClock().now())
    world.limits.enabled = False
    async with serving(world) as sandbox, Database(Secret(url)) as database:
        environment = {
            "TILLWRIGHT_DATA": str(folder / "data"),
            "TILLWRIGHT_DATABASE_URL": url,
            "TILLWRIGHT_STRIPE_API_BASE": sandbox,
        }
        house = build(read(environment), database, clock)
        ada = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password", person="Ada")
        keys = ("pk_test_sandbox_northwind", Secret("rk_test_sandbox_northwind"))
        made = await house.integrations.connect(ada, publishable_key=keys[0], secret_key=keys[1])
        client = {"connect_client_id": world.connect.client_id(NORTHWIND, False)}
        await house.integrations.update(ada, expected_version=made.version, settings=client)
        bench = Bench(house, world, replace(ada, name="Ada"), clock, environment)
        there, back = await connecting(bench), await disconnecting(bench)
        print(f"killed at {there} points of connecting and {back} of disconnecting: both sides agree after each")
        assert there >= 6, there
        assert back >= 8, back
        await house.reader.close()
        await house.writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", action="store_true")
    logging.disable(logging.WARNING)
    if parser.parse_args().child:
        asyncio.run(child())
        sys.exit()
    with tempfile.TemporaryDirectory(prefix="tillwright-trial-") as name:
        server = EmbeddedServer(Path(name) / "pg")
        try:
            migrate(Secret(server.url))
            asyncio.run(main(server.url, Path(name)))
        finally:
            server.stop()
