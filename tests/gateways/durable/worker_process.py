"""A worker process of the tests: executes runs of three slow steps, keeps its sign of life, and sweeps."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import psycopg

from tillwright.gateways.database import Database
from tillwright.gateways.durable import Steps
from tillwright.gateways.durable.engine import Engine
from tillwright.gateways.durable.janitor import sweep
from tillwright.gateways.durable.presence import Presence
from tillwright.kit import ids
from tillwright.kit.seal import Secret


async def main(url: str, slow: float, lost: float) -> None:
    worker_id = ids.new("worker")
    fenced = asyncio.Event()
    loop = asyncio.get_running_loop()
    presence = Presence(Secret(url), worker_id, on_fenced=lambda: loop.call_soon_threadsafe(fenced.set))
    presence.start()
    engine = Engine(Secret(url), worker_id=worker_id, poll=0.05)

    async def note(run: str, step: str) -> str:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(
                "insert into public.taken (run, step, worker) values (%s, %s, %s)", (run, step, worker_id)
            )
        await asyncio.sleep(slow)
        return step

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        for step in ("one", "two", "three"):
            await steps.step(step, lambda step=step: note(payload["run"], step))
        await steps.step("end", lambda: note(payload["run"], "end"))
        return "DONE"

    await engine.start(runner)
    print(f"ready {worker_id}", flush=True)
    async with Database(Secret(url), size=2) as database:
        while not fenced.is_set():
            await sweep(database, engine, lost=lost)
            await asyncio.sleep(0.2)
    print("fenced", flush=True)
    await engine.stop(0)
    presence.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
