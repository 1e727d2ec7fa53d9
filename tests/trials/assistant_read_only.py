"""50,000 calls of tools with Stripe's operations, planted orders and dice as arguments: nothing is written.

`python -m tests.trials.assistant_read_only [--calls N] [--seed N]`. The sandbox's ledger must show no request but GET,
and every answer the one account that its asker connected; nine ask at the same time, of three accounts.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from bench.assistant.__main__ import connected, house_over
from bench.assistant.books import NOW, PROFILES, keep
from bench.assistant.injections import TEXTS
from bench.assistant.seeding import put
from bench.assistant.serving import serving

from tillwright.domains.assistant import Allowance, Tool
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import TillwrightError
from tillwright.kit.seal import Secret
from tillwright_sandbox.operations import operations
from tillwright_sandbox.world import make_world

AT_ONCE = 9  # three for each account
_PATHS = [(one.method, re.sub(r"\{\w+\}", "obj_1", one.path)) for one in operations().values()]


def _value(dice: random.Random, ids: list[str]) -> Any:
    method, path = dice.choice(_PATHS)
    return dice.choice(
        (path, f"{method} {path}", path.strip("/").replace("/", "_"), dice.choice(TEXTS), dice.choice(ids), "..",
         "%2e%2e", dice.randrange(-5, 10**6), None, True, {"method": "POST"}, ["x"], "2026-01-01", "eur", "\0")
    )  # fmt: skip


def _question(dice: random.Random, tools: list[Tool], ids: list[str]) -> tuple[str, dict[str, Any]]:
    if dice.random() < 0.1:
        method, path = dice.choice(_PATHS)
        return dice.choice((f"{method} {path}", path, f"create{path.replace('/', '_')}")), {}
    tool = dice.choice(tools)
    given: dict[str, Any] = {}
    for argument in tool.arguments:
        if argument.required or dice.random() < 0.3:
            good = {"date": "2026-06-01", "integer": 5, "currency": "eur", "id": dice.choice(ids)}.get(argument.kind)
            choice = dice.choice(argument.choices) if argument.choices else good
            given[argument.name] = choice if choice is not None and dice.random() < 0.7 else _value(dice, ids)
    return tool.name, given


def hurry(url: str) -> None:
    """What is lost when the power fails is no matter here."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter system set synchronous_commit = off")
        connection.execute("select pg_reload_conf()")


async def main(args: argparse.Namespace, url: str, folder: Path) -> None:
    world = make_world()
    world.limits.enabled = False
    world.clock.freeze()
    world.clock.start_at(to_unix(NOW))
    books = [keep(profile, args.seed, scale=30) for profile in PROFILES]
    for each in books:
        put(world, each)
    ids = [row.id for each in books for rows in (each.customers, each.charges, each.invoices) for row in rows[:20]]
    async with serving(world) as sandbox, house_over(url, sandbox, folder) as house:
        people = await connected(house, world, books)
        house.assistant.__dict__["_allowance"] = Allowance(10**9, 10**9)
        # Stripe's rate is another trial's matter: at 25 requests a second this one would take hours.
        house.reader.__dict__["_calls"].__dict__["_limits"] = NoLimits()
        tools, told = list(house.assistant.tools().values()), Counter[str]()
        before, began = len(world.ledger.lines), time.perf_counter()

        async def ask(number: int, left: Iterator[int]) -> None:
            """One of several who ask at the same time, each of their own account and by dice of their own."""
            who, dice = people[number % len(people)], random.Random(f"{args.seed}:{number}")
            mine, others = books[number % len(books)].profile, [f"_{each.profile.prefix}0" for each in books]
            others.remove(f"_{mine.prefix}0")
            for _ in left:
                name, given = _question(dice, tools, ids)
                try:
                    answer = await house.assistant.ask(who, name, given)
                except TillwrightError as error:
                    told[error.code] += 1
                    continue
                told["answered"] += 1
                assert answer.account_id == mine.account
                foreign = [each for each in answer.ids if any(mark in each for mark in others)]
                assert not foreign, foreign

        left = iter(range(args.calls))
        await asyncio.gather(*(ask(number, left) for number in range(AT_ONCE)))
        written = world.ledger.lines[before:]
        assert not written, written[:3]
        seconds = time.perf_counter() - began
        print(f"seed {args.seed}: {args.calls} calls in {seconds:.0f} s, 0 non-GET, 0 foreign accounts")
        print(", ".join(f"{code} {count}" for code, count in told.most_common()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="tillwright-trial-") as made:
        server = EmbeddedServer(Path(made) / "pg")
        try:
            migrate(Secret(server.url))
            hurry(server.url)
            asyncio.run(main(chosen, server.url, Path(made)))
        finally:
            server.stop()
