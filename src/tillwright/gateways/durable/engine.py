"""DBOS as we use it: one generic workflow, runs known by their own ids, DBOS's queue for those of workers that died."""

from __future__ import annotations

import asyncio
import logging
import select
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dbos import DBOS, DBOSConfig, EnqueueOptions, SetWorkflowID
from dbos import DBOSPortableJSONSerializer as PortableSerializer
from sqlalchemy.exc import DisconnectionError

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
        poll: seconds between looks at the queue that `enqueue` fills; None for a process that needs none, because it
            begins what is handed over. What a dead worker had in hand comes by DBOS's own queue, each second.
        on_room: called whenever a run in hand is over.
    """

    def __init__(
        self,
        owner_url: Secret,
        *,
        worker_id: str,
        concurrency: int = 50,
        poll: float | None = None,
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        self.worker_id = worker_id
        self._concurrency = concurrency
        self._poll = poll
        self._on_room = on_room
        self._run: Callable[[dict[str, Json]], Coroutine[Any, Any, str]] | None = None
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": owner_url.reveal(),
            "dbos_system_schema": SCHEMA,
            "application_version": VERSION,
            "executor_id": worker_id,
            "serializer": PortableSerializer(),
            "sys_db_pool_size": 8,
            # Instead of a question to the server before each use: what it has ended can be seen here.
            "db_engine_kwargs": {"pool_pre_ping": False, "pool_events": [(_look_before_use, "checkout")]},
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
                self._on_room()

        DBOS(config=self._config)
        self._run = DBOS.workflow(name=WORKFLOW)(run)
        DBOS.listen_queues([QUEUE] if self._poll else [])
        try:
            # In the loop's own thread: DBOS then runs async workflows on this loop, beside our connection pool.
            DBOS.launch()
            if self._poll:
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

    @property
    def room(self) -> int:
        """How many runs more this process takes in hand now."""
        return max(0, self._concurrency - len(self._in_hand))

    async def begin(self, run_id: str, payload: Mapping[str, Json]) -> None:
        """Execute a run in this process, from now on; the same id again, here or elsewhere, changes nothing.

        Once this returns, the run is booked on this worker: should it die, another one takes the run over.
        """
        assert self._run is not None, "an engine is started before it begins a run"
        with SetWorkflowID(run_id):
            await DBOS.start_workflow_async(self._run, dict(payload))

    async def enqueue(self, run_id: str, payload: Mapping[str, Json]) -> None:
        """Let whichever process looks at the queue next execute a run; the same id again changes nothing."""
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
        """The same for every run in the hands of no living worker, whoever that was, and what lies in a queue of ours
        that an earlier release used."""
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        strays = [run.workflow_id for run in pending if run.executor_id not in alive]
        if not self._poll:
            queued = await DBOS.list_workflows_async(
                status="ENQUEUED", queue_name=QUEUE, load_input=False, load_output=False
            )
            strays += [run.workflow_id for run in queued]
        return await self._requeue(strays)

    async def _requeue(self, run_ids: list[str]) -> Sequence[str]:
        if run_ids:
            await DBOS.resume_workflows_async(run_ids)
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


def _look_before_use(connection: Any, *_: object) -> None:
    """A server that ended a connection has said so, and then there is something to read: let it be replaced."""
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    if socket.poll(0):
        raise DisconnectionError("The server has ended this connection.")


class _Checkpoints:
    """DBOS's checkpoints as the port has them."""

    async def step(self, name: str, work: Callable[[], Awaitable[Json]]) -> Json:
        async def kept() -> Any:
            return await work()

        return await DBOS.run_step_async({"name": name}, kept)

    async def sleep(self, seconds: float) -> None:
        await DBOS.sleep_async(seconds)
