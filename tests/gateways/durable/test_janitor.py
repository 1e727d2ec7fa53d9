"""A living worker finishes a dead worker's runs, and a worker that only seemed dead ends itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dbos import DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions

from tests.gateways.durable.test_engine import engine_with
from tillwright.gateways.database import Database
from tillwright.gateways.durable import Steps
from tillwright.gateways.durable.engine import QUEUE, WORKFLOW, Engine
from tillwright.gateways.durable.janitor import sweep, sweep_strays
from tillwright.gateways.durable.presence import Presence
from tillwright.kit.seal import Secret


@contextmanager
def worker_process(
    repository: Path, url: Secret, slow: float, lost: float = 10
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real process and its worker id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateways.durable.worker_process", url.reveal(), str(slow), str(lost)],
        cwd=repository,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("ready "), line
        yield process, line.split()[1]
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(10)
        assert process.stdout
        process.stdout.close()


def rows(url: Secret, query: str) -> list[Any]:
    with psycopg.connect(url.reveal(), autocommit=True) as connection:
        return connection.execute(query).fetchall()


def until(condition: Any, seconds: float) -> float:
    """Seconds until the condition held."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - start


def enqueue_until(url: Secret, enough: Any) -> int:
    """Runs put in one by one until `enough()`; returns how many. From outside: this process executes nothing itself."""
    client = DBOSClient(system_database_url=url.reveal(), serializer=DBOSPortableJSONSerializer())
    try:
        for number in range(400):
            name = f"run_{number}"
            options: EnqueueOptions = {"workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": name}
            client.enqueue(options, {"run": name})
            time.sleep(0.1)
            if enough():
                return number + 1
    finally:
        client.destroy()
    raise AssertionError("400 runs were not enough")


def start_table(url: Secret) -> None:
    with psycopg.connect(url.reveal(), autocommit=True) as connection:
        connection.execute(
            "create table public.taken (id bigserial, run text, step text, worker text, at timestamptz default now())"
        )


@pytest.mark.processes
def test_kill_9_of_one_of_two_workers_loses_no_run(repository: Path, database_url: Secret) -> None:
    start_table(database_url)
    with (
        worker_process(repository, database_url, 0.4) as (first, first_id),
        worker_process(repository, database_url, 0.4) as (_, second_id),
    ):
        # Whoever looks first takes all there is: both must be seen at work, each with a run in its middle.
        count = enqueue_until(
            database_url,
            lambda: (
                len(rows(database_url, "select distinct worker from public.taken")) == 2
                and rows(database_url, f"select 1 from public.taken where worker = '{first_id}' and step = 'two'")
            ),
        )
        os.kill(first.pid, signal.SIGKILL)
        killed = time.monotonic()
        until(lambda: len(rows(database_url, "select 1 from public.taken where step = 'end'")) >= count, 60)
        print(f"all done {time.monotonic() - killed:.1f} s after the kill")
    taken = rows(database_url, "select run, step, count(*) from public.taken group by 1, 2")
    assert {(run, step) for run, step, _ in taken} == {
        (f"run_{n}", step) for n in range(count) for step in ("one", "two", "three", "end")
    }
    # Only the one step a run was in the middle of can have been taken twice.
    repeated: dict[str, int] = {}
    for run, _, times in taken:
        repeated[run] = repeated.get(run, 0) + times - 1
    assert all(times <= 1 for times in repeated.values()), taken
    workers = dict(rows(database_url, "select id, state from tillwright.workers"))
    assert workers == {first_id: "DEAD", second_id: "ALIVE"}


@pytest.mark.processes
def test_a_worker_that_was_only_frozen_ends_itself_when_it_wakes(repository: Path, database_url: Secret) -> None:
    start_table(database_url)
    with (
        worker_process(repository, database_url, 0.1, 4) as (frozen, frozen_id),
        worker_process(repository, database_url, 0.1, 4) as (_, _other),
    ):
        os.kill(frozen.pid, signal.SIGSTOP)
        until(lambda: rows(database_url, "select 1 from tillwright.workers where state = 'DEAD'"), 30)
        assert rows(database_url, "select id from tillwright.workers where state = 'DEAD'") == [(frozen_id,)]
        os.kill(frozen.pid, signal.SIGCONT)
        assert frozen.stdout
        assert frozen.stdout.readline().strip() == "fenced"
        assert frozen.wait(20) == 0


async def hold(steps: Steps, payload: Mapping[str, Any]) -> str:
    await steps.step("hold", lambda: asyncio.sleep(3600))
    return "DONE"


async def test_a_silent_worker_that_still_holds_its_lock_is_given_longer(
    database: Database, database_url: Secret
) -> None:
    presence = Presence(database_url, "worker_busy", on_fenced=lambda: None, beat=3600)
    presence.start()
    async with engine_with(database_url, hold) as engine:
        await asyncio.sleep(0.2)
        await sweep(database, engine, silent=0.1, lost=60)
        assert states(database_url) == {"worker_busy": "ALIVE"}
        await sweep(database, engine, silent=0.1, lost=0.1)
        assert states(database_url) == {"worker_busy": "DEAD"}
    presence.stop()
    assert states(database_url) == {"worker_busy": "DEAD"}


async def test_a_worker_that_stopped_is_swept_without_waiting(database: Database, database_url: Secret) -> None:
    presence = Presence(database_url, "worker_done", on_fenced=lambda: None)
    presence.start()
    presence.stop()
    async with engine_with(database_url, hold) as engine:
        await sweep(database, engine)
    assert rows(database_url, "select swept is not null from tillwright.workers") == [(True,)]


async def test_runs_in_nobodys_hands_are_found_in_the_end(database: Database, database_url: Secret) -> None:
    started: list[str] = []

    async def note(steps: Steps, payload: Mapping[str, Any]) -> str:
        started.append(payload["run"])
        await asyncio.sleep(3600)
        return "DONE"

    async with engine_with(database_url, note) as engine:
        await engine.enqueue("run_stray", {"run": "run_stray"})
        async with asyncio.timeout(20):
            while not started:  # noqa: ASYNC110 - set by the engine
                await asyncio.sleep(0.02)
        # Its worker never registered, so no sweep of the dead will find it.
        assert await sweep(database, engine) == []
        assert await sweep_strays(database, engine) == ["run_stray"]


async def test_runs_that_an_earlier_release_left_in_its_queue_are_taken_up(
    database: Database, database_url: Secret
) -> None:
    started: list[str] = []

    async def note(steps: Steps, payload: Mapping[str, Any]) -> str:
        started.append(payload["run"])
        return "DONE"

    engine = Engine(database_url, worker_id="worker_now")
    await engine.start(note)
    try:
        await engine.enqueue("run_queued", {"run": "run_queued"})
        assert await sweep_strays(database, engine) == ["run_queued"]
        async with asyncio.timeout(20):
            while not started:  # noqa: ASYNC110 - set by the engine
                await asyncio.sleep(0.02)
        assert await sweep_strays(database, engine) == []
    finally:
        await engine.stop(0)


def void(_: object) -> None: ...


async def test_a_living_workers_beat_sees_who_has_gone(database_url: Secret) -> None:
    seen = asyncio.Event()
    loop = asyncio.get_running_loop()
    gone = Presence(database_url, "worker_gone", on_fenced=lambda: None, beat=0.05)
    living = Presence(
        database_url, "worker_lives", on_fenced=lambda: None, beat=0.05,
        on_silence=lambda: void(loop.call_soon_threadsafe(seen.set)),
    )  # fmt: skip
    gone.start()
    living.start()
    try:
        await asyncio.sleep(0.3)
        assert not seen.is_set()
        gone.stop()
        await asyncio.wait_for(seen.wait(), 20)
    finally:
        living.stop()


async def test_one_process_sweeps_at_a_time(database: Database, database_url: Secret) -> None:
    presence = Presence(database_url, "worker_gone", on_fenced=lambda: None)
    presence.start()
    presence.stop()
    async with engine_with(database_url, hold) as engine, database.open() as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended('tillwright janitor', 0))")
        assert await sweep(database, engine) == []
        assert rows(database_url, "select swept from tillwright.workers") == [(None,)]


def states(url: Secret) -> dict[str, str]:
    return dict(rows(url, "select id, state from tillwright.workers"))
