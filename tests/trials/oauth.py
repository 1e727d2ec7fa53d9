"""20,000 stateful runs of connecting and disconnecting, by dice: 0 links without a fresh, bound, single-use state.

`python -m tests.trials.oauth [--runs N] [--seed N]`. Several users, sessions and tabs at once; answers of Stripe are
dropped, repeated, exchanged and grow old; Stripe fails, users revoke on either side, processes end half-way. Every link
must come from one start that its own session finished within ten minutes; after recovery links and grants agree.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.assistant.serving import serving

from tillwright.domains.connections import Connections
from tillwright.domains.integrations import Credentials, Integrations
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.errors import Facts, StripeUnreachable
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.gateways.stripe.oauth import Grant
from tillwright.kit.clock import ManualClock, SystemClock
from tillwright.kit.errors import TillwrightError
from tillwright.kit.seal import MasterKey, Seal, Secret
from tillwright_sandbox.exchange import Exchange
from tillwright_sandbox.oauth import answer as stripe_answer
from tillwright_sandbox.world import ACME, NORTHWIND, OLD_MILL, World, make_world

CLIENT = "ca_northwindsandbx"
KEYS = ("pk_test_sandbox_northwind", "rk_test_sandbox_northwind")


class Killed(BaseException):
    """The process ended here."""


class Wire:
    """The OAuth port straight into the sandbox's own OAuth, with faults before and after the effect."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice, self.trouble = world, dice, 0.0

    def authorize_url(self, *, client_id: str, redirect_uri: str, state: str, scope: str) -> str:
        return f"https://connect.example/oauth/authorize?state={state}"

    async def redeem(self, access: Access, code: str) -> Grant:
        body = self._send(access, "/oauth/token", {"grant_type": "authorization_code", "code": code})
        return Grant(body["stripe_user_id"], body["livemode"], body["scope"])

    async def revoke(self, access: Access, *, client_id: str, account_id: str) -> bool:
        try:
            self._send(access, "/oauth/deauthorize", {"client_id": client_id, "stripe_user_id": account_id})
        except TillwrightError as error:
            if "not connected" in str(error):
                return False
            raise
        return True

    def _send(self, access: Access, path: str, form: dict[str, str]) -> dict[str, Any]:
        import orjson

        from tillwright.gateways.stripe import oauth_refusals

        self._fail()
        exchange = Exchange("req_1", "POST", path, "", {"authorization": f"Bearer {access.key.reveal()}"}, b"")
        exchange.fields = list(form.items())
        with self.world.lock:
            reply = stripe_answer(self.world, exchange)
        self._fail()
        if reply.status != 200:
            raise oauth_refusals.failure(reply.status, {}, reply.body)
        return orjson.loads(reply.body)

    def _fail(self) -> None:
        if self.dice.random() < self.trouble:
            if self.dice.random() < 0.4:
                raise Killed
            raise StripeUnreachable("stripe_unreachable", "No answer.", Facts())


class Trial:
    def __init__(
        self,
        seed: int,
        connections: Connections,
        wire: Wire,
        clock: ManualClock,
        organisation: str,
        database: Database,
    ) -> None:
        self.dice, self.connections, self.wire, self.clock = random.Random(seed), connections, wire, clock
        self.people = [Principal(organisation, "USER", f"usr_{n}", f"U{n}", "VIEWER") for n in range(3)]
        self.database, self.organisation = database, organisation
        self.begun: dict[str, tuple[str, str, float]] = {}  # state -> user, session, when
        self.spent: set[str] = set()
        self.answers: list[dict[str, str]] = []
        self.told: Counter[str] = Counter()

    async def run(self) -> None:
        self.wire.trouble = self.dice.choice((0.0, 0.0, 0.1, 0.4))
        for _ in range(self.dice.randrange(1, 6)):
            often = (self.begin,) * 2 + (self.finish,) * 3
            step = self.dice.choice((*often, self.end, self.revoke, self.wait))
            try:
                await step()
            except Killed:
                self.told["killed"] += 1
            except TillwrightError as error:
                self.told[error.code] += 1

    def session(self, who: Principal) -> str:
        return f"ses_{who.actor_id}_{self.dice.randrange(2)}"

    async def begin(self) -> None:
        who = self.dice.choice(self.people)
        session = self.session(who)
        url = await self.connections.begin(who, session)
        state = dict(parse_qsl(urlsplit(url).query))["state"]
        self.begun[state] = (who.actor_id, session, self.clock.monotonic())
        account = self.dice.choice((ACME, ACME, OLD_MILL))
        code = self.wire.world.connect.authorise(NORTHWIND, account, False, "read_only")
        self.answers.append({"state": state, "code": code})

    async def finish(self) -> None:
        if not self.answers:
            return
        told = dict(self.dice.choice(self.answers[-8:]))
        twist = self.dice.random()
        if twist < 0.05:
            told["state"] = "forged" + told["state"][6:]
        elif twist < 0.1:
            told["code"] = self.dice.choice(self.answers)["code"]
        elif twist < 0.13:
            told = {"state": told["state"], "error": "access_denied"}
        user, session, when = self.begun.get(told["state"], ("", "", 0.0))
        who = next((p for p in self.people if p.actor_id == user), self.people[0])
        if self.dice.random() < 0.15:
            who = self.dice.choice(self.people)
        here = session if self.dice.random() < 0.85 else self.session(who)
        fresh = (
            told["state"] in self.begun
            and told["state"] not in self.spent
            and self.clock.monotonic() - when < 600
            and (who.actor_id, here) == (user, session)
            and "error" not in told
        )
        before = await self.links()
        try:
            await self.connections.finish(who, here, **{"state": "", "code": "", "error": "", **told})
            assert fresh, f"linked without a fresh, bound state: {told}"
            self.told["linked"] += 1
        finally:
            if told["state"] in self.begun:
                self.spent.add(told["state"])
            if not fresh:
                assert await self.links() <= before, "a link appeared without a fresh, bound state"

    async def end(self) -> None:
        who = self.dice.choice(self.people)
        for each in await self.connections.mine(who):
            await self.connections.disconnect(who, each.id)
            self.told["ended"] += 1

    async def revoke(self) -> None:
        self.wire.world.connect.revoke(NORTHWIND, self.dice.choice((ACME, OLD_MILL)), False)

    async def wait(self) -> None:
        self.clock.move(self.dice.choice((1.0, 30.0, 599.0, 700.0)))

    async def links(self) -> set[str]:
        async with self.database.tenant(self.organisation) as tx:
            rows = await (await tx.execute("select id, account_id from connections")).fetchall()
        accounts = [row["account_id"] for row in rows]
        assert len(accounts) == len(set(accounts)), "one account is linked twice"
        return {row["id"] for row in rows}

    async def agree(self) -> None:
        """After recovery what is linked here and what is granted there are the same."""
        self.wire.trouble = 0.0
        for _ in range(3):
            self.clock.move(24 * 3600 + 1)
            await self.connections.step()
        async with self.database.tenant(self.organisation) as tx:
            rows = await (await tx.execute("select account_id from connections")).fetchall()
        linked = {row["account_id"] for row in rows}
        granted = {account for platform, account, _ in self.wire.world.connect.grants if platform == NORTHWIND}
        assert linked == granted, f"linked {linked}, granted {granted}"


async def main(args: argparse.Namespace, url: str) -> None:
    world, clock = make_world(args.seed), ManualClock(SystemClock().now())
    world.limits.enabled = False
    async with serving(world) as address, Database(Secret(url)) as database:
        reader = LiveReader(address, limits=NoLimits(), clock=clock)
        writer = LiveWriter(address, limits=NoLimits(), clock=clock)
        seal = Seal([MasterKey(Secret("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"))])
        tenancy = Tenancy(clock=clock, database=database)
        admin = await tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
        integrations = Integrations(
            database=database, clock=clock, credentials=Credentials(seal), reader=reader, writer=writer
        )
        made = await integrations.connect(admin, publishable_key=KEYS[0], secret_key=Secret(KEYS[1]))
        await integrations.update(admin, expected_version=made.version, settings={"connect_client_id": CLIENT})
        async with database.tenant(admin.organisation_id) as tx:
            for n in range(3):
                await tx.execute(
                    "insert into users (id, email, name, password_hash, created) values (%s, %s, 'U', 'x', now())",
                    (f"usr_{n}", f"u{n}@example.com"),
                )
                await tx.execute(
                    "insert into memberships (organisation_id, user_id, role, created) "
                    "values (%s, %s, 'VIEWER', now())",
                    (admin.organisation_id, f"usr_{n}"),
                )
        wire = Wire(world, random.Random(args.seed))
        connections = Connections(
            clock=clock, database=database, platforms=integrations, tenancy=tenancy, reader=ConnectedReader(reader),
            oauth=wire, seal=seal, public_url="http://127.0.0.1:8420",
        )  # fmt: skip
        told: Counter[str] = Counter()
        began = time.perf_counter()
        trial = Trial(args.seed, connections, wire, clock, admin.organisation_id, database)
        for number in range(args.runs):
            await trial.run()
            if number % 50 == 49:
                await trial.agree()
                trial.begun, trial.spent, trial.answers = {}, set(), []
                trial.dice.seed(f"{args.seed}:{number}")
        await trial.agree()
        told += trial.told
        await reader.close()
        await writer.close()
        print(f"seed {args.seed}: {args.runs} runs in {time.perf_counter() - began:.0f} s, 0 links without their state")
        print(", ".join(f"{code} {count}" for code, count in told.most_common()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="tillwright-trial-") as folder:
        server = EmbeddedServer(Path(folder) / "pg")
        try:
            migrate(Secret(server.url))
            asyncio.run(main(given, server.url))
        finally:
            server.stop()
