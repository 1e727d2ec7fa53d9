"""How exact are the assistant's tools? `--seed`, `--scale` customers an account; `--wrong` shows what was missed.

Three accounts of some 15,000 objects each, with the same names, several currencies (zero and three decimals among
them), deleted customers, partial and failed refunds, uncaptured payments, another mode's objects, and orders planted
in descriptions and memos. Each question's exact answer is computed from the books the accounts were made of. The
planner is a script: what is measured is the tools, not a model. `python -m bench.assistant.model` puts a model there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.assistant.books import NOW, PROFILES, Books, keep
from bench.assistant.exam import Result, examine
from bench.assistant.questions import KINDS, ask
from bench.assistant.seeding import put
from bench.assistant.serving import serving
from tillwright.domains.assistant import Allowance, Assistant
from tillwright.domains.connections import reading
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.kit.clock import SystemClock, to_unix
from tillwright.kit.errors import TillwrightError
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import House, build
from tillwright_sandbox.world import World, make_world

GOAL = 1.0


class ExamClock(SystemClock):
    """Waits take their time, as Stripe's rate limits ask; the day of the exam stands still."""

    def now(self) -> datetime:
        return NOW


@asynccontextmanager
async def house_over(url: str, sandbox: str, folder: Path) -> AsyncIterator[House]:
    settings = read({"TILLWRIGHT_DATA": str(folder / "data"), "TILLWRIGHT_STRIPE_API_BASE": sandbox})
    async with Database(Secret(url)) as database:
        house = build(settings, database, ExamClock())
        yield house
        await house.reader.close()
        await house.writer.close()


async def connected(house: House, world: World, books: list[Books]) -> list[Principal]:
    """One user for each account, each connected to theirs."""
    admin = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
    keys = ("pk_test_sandbox_northwind", Secret("rk_test_sandbox_northwind"))
    integration = await house.integrations.connect(admin, publishable_key=keys[0], secret_key=keys[1])
    client = {"connect_client_id": world.connect.client_id(world.keys.by_secret[keys[0]].account, False)}
    await house.integrations.update(admin, expected_version=integration.version, settings=client)
    people: list[Principal] = []
    for number, each in enumerate(books):
        who = Principal(admin.organisation_id, "USER", f"usr_{number}", f"User {number}", "VIEWER")
        state = dict(parse_qsl(urlsplit(await house.connections.begin(who, f"ses_{number}")).query))["state"]
        code = world.connect.authorise("acct_northwindsandbx", each.profile.account, False, "read_only")
        await house.connections.finish(who, f"ses_{number}", state=state, code=code)
        people.append(who)
    return people


async def sit(assistant: Assistant, people: list[Principal], books: list[Books], seed: int) -> Result:
    """The whole exam."""
    total = Result()
    for who, each in zip(people, books, strict=True):

        async def answer(name: str, given: Mapping[str, Any], who: Principal = who) -> dict[str, Any]:
            try:
                return (await assistant.ask(who, name, given)).as_json()
            except TillwrightError as error:
                return {"refused": error.code}

        total.add(await examine(ask(each, seed), answer))
    return total


async def run(args: argparse.Namespace, folder: Path, url: str) -> dict[str, Any]:
    world = make_world()
    world.limits.enabled = False
    world.clock.freeze()
    world.clock.start_at(to_unix(NOW))
    books = [keep(profile, args.seed, scale=args.scale) for profile in PROFILES]
    for each in books:
        put(world, each)
    put(world, keep(PROFILES[0], args.seed + 1, scale=200), livemode=True)
    async with serving(world) as sandbox, house_over(url, sandbox, folder) as house:
        people = await connected(house, world, books)
        house.assistant.__dict__["_allowance"] = Allowance(a_minute=1_000_000, a_day=1_000_000)
        writes, gets = len(world.ledger.lines), world.ledger.gets
        began = time.perf_counter()
        ours = await sit(house.assistant, people, books, args.seed)
        seconds = time.perf_counter() - began
        requests = world.ledger.gets - gets
        reading.Reading.all.__kwdefaults__["most_pages"] = 1  # what a tool finds that stops at the first page of a list
        short = await sit(house.assistant, people, books, args.seed)
        return {
            "sizes": [each.size for each in books],
            "ours": ours,
            "short": short,
            "requests": requests,
            "writes": len(world.ledger.lines) - writes,
            "seconds": seconds,
            "kinds": Counter(question.kind for each in books for question in ask(each, args.seed)),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int)
    parser.add_argument("--wrong", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillwright-bench-") as name:
        server = EmbeddedServer(Path(name) / "pg")
        try:
            migrate(Secret(server.url))
            found = asyncio.run(run(args, Path(name), server.url))
        finally:
            server.stop()
    ours, short = found["ours"], found["short"]
    print(f"Python {platform.python_version()}, seed {args.seed}, accounts of {found['sizes']} objects\n")
    print(f"{'kind':<12} {'asked':>6} {'exact':>6} {'first page only':>16}")
    for kind in KINDS:
        print(f"{kind:<12} {found['kinds'][kind]:>6} {ours.by_kind[kind]:>6} {short.by_kind[kind]:>16}")
    print(f"{'all':<12} {ours.asked:>6} {ours.exact:>6} {short.exact:>16}\n")
    print(f"complete, as they say themselves: {ours.complete} of {ours.asked}; first page only: {short.complete}")
    print(f"{ours.calls} calls, {ours.bytes / ours.calls:,.0f} bytes an answer, {found['requests']} requests at Stripe")
    print(f"{found['seconds']:.0f} s, held to Stripe's limits for test mode; writes: {found['writes']}")
    if args.wrong:
        print("\n".join(ours.wrong))
    share = ours.exact / ours.asked
    print(
        json.dumps(
            {
                "bench": "assistant", "unit": "share of questions answered exactly", "ours": share,
                "peer": {"the same tools, first page of a list only": round(short.exact / short.asked, 4)},
                "limit": 1.0,
                "ours_to_limit": share, "ours_to_best_peer": round(share * short.asked / max(1, short.exact), 2),
                "goal": GOAL, "met": share >= GOAL and found["writes"] == 0, "questions": ours.asked,
                "writes": found["writes"], "requests": found["requests"],
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
