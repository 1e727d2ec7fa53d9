"""The engine on a real PostgreSQL: kept steps, ids that repeat nothing, and stopping in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import psycopg
import pytest

from tillwright.gateways.durable import Steps
from tillwright.gateways.durable.engine import Engine
from tillwright.kit import ids
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Secret

Runner = Callable[[Steps, Mapping[str, Any]], Any]


@asynccontextmanager
async def engine_with(url: Secret, runner: Runner) -> AsyncIterator[Engine]:
    engine = Engine(url, worker_id=ids.new("worker"), poll=0.05)
    await engine.start(runner)
    try:
        yield engine
    finally:
        await engine.stop(0)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.02)


async def test_a_run_is_executed_on_our_loop_with_its_input(database_url: Secret) -> None:
    seen: list[tuple[Mapping[str, Any], Any]] = []

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        answer = await steps.step("one", lambda: give({"n": payload["n"] + 1}))
        await steps.sleep(0.01)
        seen.append((answer, asyncio.get_running_loop()))
        return "DONE"

    async with engine_with(database_url, runner) as engine:
        await engine.enqueue("run_a", {"n": 1})
        await until(lambda: bool(seen))
    assert seen == [({"n": 2}, asyncio.get_running_loop())]


async def give(value: Any) -> Any:
    return value


async def test_the_same_id_runs_once(database_url: Secret) -> None:
    runs: list[str] = []

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        runs.append(payload["id"])
        return "DONE"

    async with engine_with(database_url, runner) as engine:
        for _ in range(3):
            await engine.enqueue("run_once", {"id": "run_once"})
        await engine.enqueue("run_last", {"id": "run_last"})
        await until(lambda: "run_last" in runs)
        await engine.enqueue("run_once", {"id": "run_once"})
        await asyncio.sleep(0.3)
    assert sorted(runs) == ["run_last", "run_once"]


async def test_a_run_begun_here_runs_once_and_is_taken_over_from_the_queue_if_it_is_cut_off(
    database_url: Secret,
) -> None:
    done: list[str] = []
    hold = asyncio.Event()

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        await steps.step("first", lambda: note(f"{payload['id']} first"))
        if payload["id"] == "cut":
            await steps.step("second", held)
        return "DONE"

    async def note(name: str) -> str:
        done.append(name)
        return name

    async def held() -> str:
        done.append("cut second")
        await hold.wait()
        return ""

    async with engine_with(database_url, runner) as engine:
        assert engine.room == 50
        for _ in range(2):
            await engine.begin("run_short", {"id": "short"})
        await engine.begin("run_cut", {"id": "cut"})
        await until(lambda: "cut second" in done and engine.room == 49)
        await engine.begin("run_short", {"id": "short"})
        first_worker = engine.worker_id
    hold.set()
    async with engine_with(database_url, runner) as engine:
        await engine.begin("run_cut", {"id": "cut"})
        assert engine.room == 50, "it is booked on the other worker still: whoever hands it over again changes nothing"
        assert await engine.take_over([first_worker]) == ["run_cut"]
        await until(lambda: done.count("cut second") == 2)
        await engine.begin("run_short", {"id": "short"})
        await asyncio.sleep(0.2)
    assert sorted(done) == ["cut first", "cut second", "cut second", "short first"]


async def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(database_url: Secret) -> None:
    done: list[str] = []

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        done.append(payload["id"])
        return "DONE"

    async with engine_with(database_url, runner) as engine:
        for number in range(3):
            with psycopg.connect(database_url.reveal(), autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'dbos%'"
                )
            await engine.begin(f"run_{number}", {"id": str(number)})
            await until(lambda: str(number) in done)  # noqa: B023 - awaited at once
    assert done == ["0", "1", "2"]


async def test_a_run_cut_off_by_a_stop_goes_on_behind_its_last_kept_step(database_url: Secret) -> None:
    done: list[str] = []
    hold = asyncio.Event()

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        await steps.step("first", lambda: note("first"))
        await steps.step("second", lambda: held("second"))
        return "DONE"

    async def note(name: str) -> str:
        done.append(name)
        return name

    async def held(name: str) -> str:
        done.append(name)
        await hold.wait()
        return name

    async with engine_with(database_url, runner) as engine:
        await engine.enqueue("run_cut", {})
        await until(lambda: "second" in done)
        first_worker = engine.worker_id
    hold.set()
    async with engine_with(database_url, runner) as engine:
        assert await engine.take_over([first_worker]) == ["run_cut"]
        assert await engine.take_over([first_worker]) == []
        await until(lambda: done.count("second") == 2)
        await asyncio.sleep(0.2)
        assert await engine.broken() == []
    assert done == ["first", "second", "second"]


async def test_a_run_that_raises_is_reported_with_its_input_and_can_be_forgotten(database_url: Secret) -> None:
    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        raise RuntimeError("a mistake of ours")

    async with engine_with(database_url, runner) as engine:
        await engine.enqueue("run_bad", {"organisation_id": "org_1"})
        broken: list[Any] = []
        async with asyncio.timeout(20):
            while not broken:
                broken = list(await engine.broken())
        (run_id, payload, raised) = broken[0]
        assert (run_id, payload["organisation_id"]) == ("run_bad", "org_1")
        assert "a mistake of ours" in raised
        await engine.forget([run_id])
        assert await engine.broken() == []


async def test_inputs_and_results_are_kept_as_plain_json(database_url: Secret) -> None:
    finished: list[bool] = []

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        await steps.step("one", lambda: give({"amount": 2900, "names": ["a"]}))
        finished.append(True)
        return "DONE"

    async with engine_with(database_url, runner) as engine:
        await engine.enqueue("run_json", {"amount": 1})
        await until(lambda: bool(finished))
        await asyncio.sleep(0.1)
    with psycopg.connect(database_url.reveal()) as connection:
        texts = [
            *(row[0] for row in connection.execute("select inputs from dbos.workflow_status")),
            *(row[0] for row in connection.execute("select output from dbos.operation_outputs")),
        ]
    assert any("2900" in text for text in texts if text)
    assert all(orjson.loads(text) is not None for text in texts if text)


async def test_a_database_that_is_not_there_is_said_so() -> None:
    engine = Engine(Secret("postgresql://nobody@127.0.0.1:1/none"), worker_id="worker_x")

    async def runner(steps: Steps, payload: Mapping[str, Any]) -> str:
        return "DONE"

    with pytest.raises(Upstream, match="did not start"):
        await asyncio.wait_for(engine.start(runner), 120)
