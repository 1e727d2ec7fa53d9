"""How many three-step workflows a second does one worker finish, and what does an event cost that starts none?

The limit is bare DBOS: the same engine, queue and database, a workflow of three steps that writes one row in each, as
our timeline does. Ours is the product's own way: the definition interpreted, expressions worked out, gate, timeline and
journal kept. The second figure is the processor time of an event that no `when` fits, with 100 active workflows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tillwright.domains import events
from tillwright.domains.automation import RunState
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.gateways.durable import Steps
from tillwright.gateways.durable.engine import Engine
from tillwright.kit import ids
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import House, build

GOAL, GOAL_UNMATCHED = 0.7, 0.2
EVENT = "bench:thing:happened"
STEPS = "".join(
    f"  - {{id: s{n}, action: set_values, with: {{values: {{n: '${{object.n + {n}}}'}}}}}}\n" for n in range(3)
)


def source(name: str, when: str) -> str:
    return f"name: {name}\ntrigger: {{event: '{EVENT}'}}\nwhen: {when}\nsteps:\n{STEPS}"


async def happen(house: House, organisation_id: str, count: int) -> None:
    async with house.database.tenant(organisation_id) as tx:
        for number in range(count):
            await events.record(tx, organisation_id, EVENT, {"n": number}, house.clock.now())


async def relay(house: House, organisation_id: str) -> int:
    seen = 0
    while handed := await events.hand_on_together(
        house.database, organisation_id, "automation", house.automation.match_events
    ):
        seen += handed
    return seen


async def ours(house: House, principal: Principal, count: int) -> float:
    """Runs a second, from the first hand-over to the last end."""
    await house.automation.save(principal, source("matching", "object.n >= 0"), activate=True)
    await happen(house, principal.organisation_id, count)
    await relay(house, principal.organisation_id)
    engine = Engine(house.database.owner_url, worker_id=ids.new("worker"))
    await engine.start(house.automation.execute)
    started = time.monotonic()
    while True:
        await house.automation.hand_over(engine, limit=count, each=count)
        counts = await house.automation.run_counts(principal)
        if sum(states.get(RunState.DONE, 0) for states in counts.values()) == count:
            break
        await asyncio.sleep(0.05)
    taken = time.monotonic() - started
    await engine.stop(0)
    return count / taken


async def bare(house: House, organisation_id: str, count: int) -> float:
    """The same for a workflow of three steps that write a row each."""
    done, all_done = 0, asyncio.Event()

    async def write(run: str, step: int) -> dict[str, Any]:
        async with house.database.tenant(organisation_id) as tx:
            await tx.execute("select set_config('bench.run', %s, true)", (run,))
            await events.record(tx, organisation_id, "bench:step:done", {"step": step}, house.clock.now())
        return {"n": step}

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        nonlocal done
        for number in range(3):
            await steps.step(f"s{number}", lambda n=number: write(payload["run"], n))
        done += 1
        if done == count:
            all_done.set()
        return "DONE"

    engine = Engine(house.database.owner_url, worker_id=ids.new("worker"))
    await engine.start(runner)
    started = time.monotonic()
    for number in range(count):
        await engine.enqueue(f"bare_{number}", {"run": f"bare_{number}"})
    await all_done.wait()
    taken = time.monotonic() - started
    await engine.stop(0)
    return count / taken


async def unmatched(house: House, principal: Principal, count: int) -> float:
    """Milliseconds of this process's processor time an event, with 100 active workflows none of which it starts."""
    await house.automation.pause(principal, (await house.automation.get(principal, "matching")).id)
    for number in range(100):
        name = f"bench:other_{number}:happened" if number else EVENT
        text = source(f"idle_{number}", "object.n < 0").replace(EVENT, name)
        await house.automation.save(principal, text, activate=True)
    await happen(house, principal.organisation_id, count)
    before = time.process_time()
    seen = await relay(house, principal.organisation_id)
    return (time.process_time() - before) * 1000 / seen


async def main(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tillwright-bench-") as folder:
        server = EmbeddedServer(Path(folder) / "pg")
        try:
            url = Secret(server.url)
            migrate(url)
            settings = read({"TILLWRIGHT_DATA": folder, "TILLWRIGHT_DATABASE_URL": url.reveal()})
            async with Database(url, size=20) as database:
                house = build(settings, database, SystemClock())
                principal = await house.tenancy.create_organisation("Bench", "b@example.com", "a long enough password")
                limit = await bare(house, principal.organisation_id, count)
                mine = await ours(house, principal, count)
                cost = await unmatched(house, principal, count * 20)
                await house.reader.close()
                await house.writer.close()
        finally:
            server.stop()
    print(f"{count} runs, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"ours        {mine:8.1f} runs a second")
    print(f"bare DBOS   {limit:8.1f} runs a second")
    print(f"unmatched   {cost:8.3f} ms of processor time an event (goal {GOAL_UNMATCHED}), of {count * 20}")
    return {
        "bench": "automation", "unit": "three-step runs/s", "ours": round(mine, 1), "peer": {},
        "limit": round(limit, 1), "ours_to_limit": round(mine / limit, 2), "ours_to_best_peer": None, "goal": GOAL,
        "met": mine / limit >= GOAL and cost <= GOAL_UNMATCHED, "unmatched_ms": round(cost, 3),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    print(json.dumps(asyncio.run(main(parser.parse_args().runs))))
