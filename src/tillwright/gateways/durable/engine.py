"""DBOS as we use it: one generic workflow, one queue, runs known by their own ids."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dbos import DBOS, DBOSConfig, EnqueueOptions
from dbos import DBOSPortableJSONSerializer as PortableSerializer

from tillwright.gateways.durable.steps import Json, Runner
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Secret

APPLICATION = "tillwright"
VERSION = "1"
"""Fixed, so that a deploy takes up the runs it finds: a run's definition is in its input, not in the code."""
QUEUE = "runs"
WORKFLOW = "run"
SCHEMA = "dbos"

_log = logging.getLogger(__name__)


class Engine:
    """This process's DBOS. There can be one in a process, because DBOS itself is a singleton.

    Args:
        owner_url: the database that holds the runs; its schema `dbos` is made when missing.
        worker_id: unique among all processes that ever ran; runs are booked on it.
        concurrency: how many runs this process has in hand at most.
        poll: seconds between looks at the queue.
    """

    def __init__(self, owner_url: Secret, *, worker_id: str, concurrency: int = 50, poll: float = 0.1) -> None:
        self.worker_id = worker_id
        self._concurrency = concurrency
        self._poll = poll
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": owner_url.reveal(),
            "dbos_system_schema": SCHEMA,
            "application_version": VERSION,
            "executor_id": worker_id,
            "serializer": PortableSerializer(),
            "sys_db_pool_size": 8,
            "log_level": "WARNING",
            "scheduler_polling_interval_sec": 3600,  # we have no DBOS schedules
            # Our values are JSON, so a notification thread has nothing to wake; polls are quick enough.
            "use_listen_notify": False,
        }

    async def start(self, runner: Runner) -> None:
        """Launch on the running loop and begin to take runs from the queue.

        Raises:
            Upstream: the database cannot be reached.
        """

        async def run(payload: dict[str, Json]) -> str:
            task = asyncio.current_task()
            assert task is not None
            self._in_hand.add(task)
            try:
                return await runner(_Checkpoints(), payload)
            finally:
                self._in_hand.discard(task)

        DBOS(config=self._config)
        DBOS.workflow(name=WORKFLOW)(run)
        try:
            # In the loop's own thread: DBOS then runs async workflows on this loop, beside our connection pool.
            DBOS.launch()
            await DBOS.register_queue_async(
                QUEUE,
                worker_concurrency=self._concurrency,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )
        except Exception as error:
            await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
            raise Upstream(
                "durable_not_started",
                f"The engine for durable runs did not start: {error}",
                remedy="Check that the database can be reached as its owner.",
            ) from error

    async def stop(self, grace: float = 5.0) -> None:
        """Take no more runs, let those in hand go on for `grace` seconds, and leave the rest to others."""
        # From another thread: DBOS's own threads need this loop to finish.
        seconds = int(grace) if self._in_hand else 0
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=seconds)
        # DBOS made its own threads the loop's and has ended them: whoever closes after us needs some again.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        # A run cut off here keeps its place: whoever takes it over goes on behind its last checkpoint.
        left = list(self._in_hand)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def enqueue(self, run_id: str, payload: Mapping[str, Json]) -> None:
        """Hand a run over; the same id again changes nothing."""
        options: EnqueueOptions = {"workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": run_id}
        await DBOS.enqueue_workflow_with_options_async(options, dict(payload))

    async def take_over(self, worker_ids: Sequence[str]) -> Sequence[str]:
        """Put the runs that these workers had in hand back into the queue; returns their ids.

        Only for workers that are surely dead, and by one process at a time (see `janitor`).
        """
        found = await DBOS.list_workflows_async(
            status="PENDING", executor_id=list(worker_ids), load_input=False, load_output=False
        )
        return await self._requeue([run.workflow_id for run in found])

    async def take_over_strays(self, alive: Sequence[str]) -> Sequence[str]:
        """The same for every run in the hands of no living worker, whoever that was."""
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        return await self._requeue([run.workflow_id for run in pending if run.executor_id not in alive])

    async def _requeue(self, run_ids: list[str]) -> Sequence[str]:
        if run_ids:
            await DBOS.resume_workflows_async(run_ids, queue_name=QUEUE)
        return run_ids

    async def broken(self, limit: int = 100) -> Sequence[tuple[str, Mapping[str, Json], str]]:
        """Runs that ended in an error of ours instead of in a state of their own: (id, input, what was raised)."""
        failed = await DBOS.list_workflows_async(
            status=["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], name=WORKFLOW, limit=limit, load_output=True
        )
        return [(run.workflow_id, run.input["args"][0], str(run.error or run.status)) for run in failed if run.input]

    async def forget(self, run_ids: Sequence[str]) -> None:
        """Drop the checkpoints of runs that are over."""
        if run_ids:
            await DBOS.delete_workflows_async(list(run_ids))

    async def finished_before(self, moment: str, limit: int = 500) -> Sequence[str]:
        """Ids of runs that ended before an RFC 3339 time."""
        done = await DBOS.list_workflows_async(
            status=["SUCCESS"], completed_before=moment, limit=limit, load_input=False, load_output=False
        )
        return [run.workflow_id for run in done]


class _Checkpoints:
    """DBOS's checkpoints as the port has them."""

    async def step(self, name: str, work: Callable[[], Awaitable[Json]]) -> Json:
        async def kept() -> Any:
            return await work()

        return await DBOS.run_step_async({"name": name}, kept)

    async def sleep(self, seconds: float) -> None:
        await DBOS.sleep_async(seconds)
