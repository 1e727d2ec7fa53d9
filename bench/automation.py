"""How many three-step workflows a second does a worker finish, how soon, and what does an event cost that starts none?

The limit is bare DBOS: the same engine, queue and database, a workflow of three steps that writes one row in each, as
our timeline does. Ours is the product's own way: the definition interpreted, expressions worked out, gate, timeline and
journal kept; its steps ask nothing of anybody, as bare DBOS's do not. Both are run in turn and the better run of each
is taken, because a shared machine only ever makes a run slower.

Then the real worker, as one process, as two, and as one that has nothing to do; the time from an event to its run's
first step at half of what one worker does; and 100,000 events of which one in a hundred starts a run, with 100 active
workflows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from tillwright.domains import events
from tillwright.domains.automation import RunState
from tillwright.domains.tenancy import Principal
from tillwright.doors.worker.process import Here
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

GOAL, GOAL_SOON, GOAL_UNMATCHED, GOAL_IDLE = 0.7, 1.0, 0.2, 10.0
ROUNDS = 2
MINE = "from tillwright.workflow_runs r where workflow_id = %s and r.created > %s"
ENDED = f"select count(*) {MINE} and finished is not null"
TAKEN = f"select extract(epoch from max(finished) - min(started)) {MINE}"
SOON = """select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from s.finished - e.created))
  from tillwright.workflow_runs r
  join tillwright.run_steps s on s.run_id = r.id and s.step = 's0'
  join tillwright.spine_events e on e.id = (r.trigger->>'spine_event_id')::bigint
  where r.workflow_id = %s and r.created > %s"""
EVENT = "mirror:DRIFT:found"
OTHERS = [row.name for row in events.HAPPENINGS if "*" not in row.name and row.name != EVENT]
STEPS = "".join(
    f"  - {{id: s{n}, action: set_values, with: {{values: {{n: '${{object.count + {n}}}'}}}}}}\n" for n in range(3)
)


def source(name: str, when: str) -> str:
    return f"name: {name}\ntrigger: {{event: '{EVENT}'}}\nwhen: {when}\nsteps:\n{STEPS}"


def listening(number: int) -> str:
    """One of the workflows that listen to other events."""
    name = OTHERS[number % len(OTHERS)]
    return f"name: idle_{number}\ntrigger: {{event: '{name}'}}\nsteps: [{{id: s, stop: Enough.}}]\n"


async def happen(house: House, organisation_id: str, count: int) -> None:
    async with house.database.tenant(organisation_id) as tx:
        for number in range(count):
            data = {"object": "customer", "livemode": False, "count": number}
            await events.record(tx, organisation_id, EVENT, data, house.clock.now())


async def relay(house: House, organisation_id: str) -> int:
    seen = 0
    while handed := await events.hand_on_together(
        house.database, organisation_id, "automation", house.automation.match_events
    ):
        seen += handed
    return seen


async def done(house: House, principal: Principal) -> int:
    counts = await house.automation.run_counts(principal)
    return sum(states.get(RunState.DONE, 0) for states in counts.values())


async def ours(house: House, principal: Principal, count: int) -> float:
    """Runs a second, from the first hand-over to the last end."""
    before = await done(house, principal)
    await happen(house, principal.organisation_id, count)
    await relay(house, principal.organisation_id)
    engine = Engine(house.database.owner_url, worker_id=ids.new("worker"))
    await engine.start(house.automation.execute)
    started = time.monotonic()
    while True:
        await house.automation.hand_over(Here(engine), limit=max(1, engine.room), each=count)
        if await done(house, principal) == before + count:
            break
        await asyncio.sleep(0.01)
    taken = time.monotonic() - started
    await engine.stop(0)
    return count / taken


async def bare(house: House, organisation_id: str, count: int) -> float:
    """The same for a workflow of three steps that write a row each."""
    done, all_done, stamp = 0, asyncio.Event(), ids.new("bench")

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

    engine = Engine(house.database.owner_url, worker_id=ids.new("worker"), poll=0.1)
    await engine.start(runner)
    started = time.monotonic()
    for number in range(count):
        await engine.enqueue(f"bare_{stamp}_{number}", {"run": f"bare_{stamp}_{number}"})
    await all_done.wait()
    taken = time.monotonic() - started
    await engine.stop(0)
    return count / taken


@contextlib.asynccontextmanager
async def workers(house: House, folder: str, number: int) -> AsyncIterator[None]:
    """So many worker processes, as `tillwright worker` starts them."""
    environment = os.environ | {"TILLWRIGHT_DATA": folder, "TILLWRIGHT_DATABASE_URL": house.database.owner_url.reveal()}
    with (Path(folder) / "workers.log").open("ab") as log:
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "tillwright.main", "worker"], env=environment, stdout=log, stderr=log
            )
            for _ in range(number)
        ]
        try:
            ids = [process.pid for process in started]
            await reaches(house, number, "select count(*) from tillwright.workers where pid = any(%s)", ids)
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                await asyncio.to_thread(process.wait, 30)


async def asked(house: House, query: LiteralString, *values: Any) -> Any:
    """The one value a query gives, over all organisations."""
    async with await psycopg.AsyncConnection.connect(house.database.owner_url.reveal()) as connection:
        row = await (await connection.execute(query, values)).fetchone()
        return row[0] if row else None


async def reaches(house: House, number: int, query: LiteralString, *values: Any) -> None:
    while True:
        if await asked(house, query, *values) >= number:
            return
        await asyncio.sleep(0.1)


async def by_workers(house: House, principal: Principal, folder: str, number: int, count: int) -> float:
    """Runs a second of so many workers, from the first that starts to the last that ends; relay and all beside it."""
    workflow = (await house.automation.get(principal, "matching")).id
    async with workers(house, folder, number):
        before = datetime.now(UTC)
        await happen(house, principal.organisation_id, count)
        await reaches(house, count, ENDED, workflow, before)
        taken = await asked(house, TAKEN, workflow, before)
    return count / float(taken)


async def idling(house: House, folder: str, seconds: float) -> float:
    """Transactions a second of a worker that has nothing to do, once it has come to rest."""
    committed = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
    async with workers(house, folder, 1):
        await asyncio.sleep(75)  # the engine looks often in its first minute
        before, began = await asked(house, committed), time.monotonic()
        await asyncio.sleep(seconds)
        return (await asked(house, committed) - before) / (time.monotonic() - began)


async def soon(house: House, principal: Principal, folder: str, rate: float, seconds: float) -> tuple[float, float]:
    """p50 and p99 in seconds from an event's commit to the end of its run's first step, at so many events a second."""
    workflow = (await house.automation.get(principal, "matching")).id
    async with workers(house, folder, 1):
        before, began, count = datetime.now(UTC), time.monotonic(), int(rate * seconds)
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            await happen(house, principal.organisation_id, 1)
        await reaches(house, count, ENDED, workflow, before)
        p50, p99 = await asked(house, SOON, workflow, before)
    return float(p50), float(p99)


async def unmatched(house: House, principal: Principal, count: int) -> float:
    """Milliseconds of this process's processor time an event, with 100 active workflows; one event in 100 starts a run.

    The cost of the runs that do start is in it, so the figure is an upper bound.
    """
    await house.automation.delete(principal, (await house.automation.get(principal, "matching")).id)
    for number in range(100):
        text = listening(number) if number else source("idle_0", "object.count % 100 == 0")
        await house.automation.save(principal, text, activate=True)
    async with house.database.tenant(principal.organisation_id) as tx:
        await tx.execute(
            "insert into spine_events (organisation_id, name, data, created) "
            "select %s, %s, jsonb_build_object('livemode', false, 'count', n), now() from generate_series(1, %s) n",
            (principal.organisation_id, EVENT, count),
        )
    before = time.process_time()
    seen = await relay(house, principal.organisation_id)
    return (time.process_time() - before) * 1000 / seen


async def main(count: int, idle: int, seconds: float) -> dict[str, Any]:
    limits, own = list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="tillwright-bench-") as folder:
        server = EmbeddedServer(Path(folder) / "pg")
        try:
            url = Secret(server.url)
            migrate(url)
            settings = read({"TILLWRIGHT_DATA": folder, "TILLWRIGHT_DATABASE_URL": url.reveal()})
            async with Database(url, size=20) as database:
                house = build(settings, database, SystemClock())
                principal = await house.tenancy.create_organisation("Bench", "b@example.com", "a long enough password")
                await house.automation.save(principal, source("matching", "object.count >= 0"), activate=True)
                for _ in range(ROUNDS):
                    limits.append(await bare(house, principal.organisation_id, count))
                    own.append(await ours(house, principal, count))
                one, two = [await by_workers(house, principal, folder, number, count) for number in (1, 2)]
                p50, p99 = await soon(house, principal, folder, max(1.0, one / 2), seconds)
                rest = await idling(house, folder, 15)
                cost = await unmatched(house, principal, idle)
                await house.reader.close()
                await house.writer.close()
        finally:
            server.stop()
    limit, mine = max(limits), max(own)
    print(
        f"{count} runs, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    print(f"ours             {mine:8.1f} runs a second, in this process ({', '.join(f'{x:.1f}' for x in own)})")
    print(f"bare DBOS        {limit:8.1f} runs a second, in this process ({', '.join(f'{x:.1f}' for x in limits)})")
    print(
        f"one worker       {one:8.1f} runs a second, {one / limit:.2f} of bare (goal {GOAL}); relay and chores included"
    )
    print(f"two workers      {two:8.1f} runs a second: {two / one:.2f} times one")
    print(f"event to step    {p50:8.3f} s p50, {p99:.3f} s p99 at {one / 2:.1f} events a second (goal p99 {GOAL_SOON})")
    print(f"idle worker      {rest:8.1f} transactions a second (goal {GOAL_IDLE})")
    print(f"unmatched        {cost:8.3f} ms of processor time an event (goal {GOAL_UNMATCHED}), of {idle}")
    return {
        "bench": "automation", "unit": "three-step runs/s", "ours": round(mine, 1), "peer": {},
        "limit": round(limit, 1), "ours_to_limit": round(mine / limit, 2), "ours_to_best_peer": None, "goal": GOAL,
        "met": min(mine, one) / limit >= GOAL and cost <= GOAL_UNMATCHED and p99 <= GOAL_SOON and rest <= GOAL_IDLE,
        "one_worker": round(one, 1), "worker_to_limit": round(one / limit, 2), "idle_transactions": round(rest, 1),
        "two_workers": round(two, 1), "p50_s": round(p50, 3), "p99_s": round(p99, 3), "unmatched_ms": round(cost, 3),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long the half load lasts")
    chosen = parser.parse_args()
    print(json.dumps(asyncio.run(main(chosen.runs, chosen.events, chosen.seconds))))
