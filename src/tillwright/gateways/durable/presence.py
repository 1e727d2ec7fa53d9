"""A worker's sign of life: a row it keeps fresh and a lock that its death lets go."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable

import psycopg

from tillwright.kit.seal import Secret

BEAT = 0.5
"""Seconds between signs of life."""
SILENT = 2.0
"""Seconds without a sign of life after which a worker whose lock is free counts as dead."""

_log = logging.getLogger(__name__)


class Presence:
    """Beats from a thread of its own, so that a busy event loop never looks like a dead worker.

    Args:
        on_fenced: called once, from that thread, if the others have declared this worker dead: its runs are theirs
            now, so it must not go on.
        on_silence: called from that thread at each beat that sees a worker whose runs want to be taken over.
    """

    def __init__(
        self,
        owner_url: Secret,
        worker_id: str,
        *,
        on_fenced: Callable[[], None],
        on_silence: Callable[[], None] = lambda: None,
        beat: float = BEAT,
    ) -> None:
        self._url = owner_url.reveal()
        self._worker_id = worker_id
        self._on_fenced = on_fenced
        self._on_silence = on_silence
        self._beat = beat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def start(self) -> None:
        """Register, then beat in the background.

        Raises:
            psycopg.OperationalError: the database cannot be reached.
        """
        self._connection = self._connect()
        self._connection.execute(
            "insert into tillwright.workers (id, host, pid, state, started, beat) "
            "values (%s, %s, %s, 'ALIVE', clock_timestamp(), clock_timestamp())",
            (self._worker_id, socket.gethostname(), os.getpid()),
        )
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye: what is still in hand is taken over at once, without waiting for silence."""
        self._stop.set()
        self._thread.join(timeout=10)
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                connection.execute(
                    "update tillwright.workers set state = 'STOPPED' where id = %s and state = 'ALIVE'",
                    (self._worker_id,),
                )
        except psycopg.OperationalError as error:
            _log.warning("The database was gone before worker %s could say goodbye: %s", self._worker_id, error)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        # Held as long as the connection; a killed process loses it at once, long before it would look silent.
        connection.execute(
            "select pg_try_advisory_lock(hashtextextended('tillwright worker ' || %s, 0))", (self._worker_id,)
        )
        return connection

    def _run(self) -> None:
        while not self._stop.wait(self._beat):
            try:
                if self._connection is None:
                    self._connection = self._connect()
                beaten = self._connection.execute(
                    "update tillwright.workers set beat = clock_timestamp() where id = %s and state = 'ALIVE' "
                    "returning exists (select 1 from tillwright.workers w where w.swept is null and w.id <> workers.id "
                    "and (w.state <> 'ALIVE' or w.beat < clock_timestamp() - make_interval(secs => %s)))",
                    (self._worker_id, SILENT),
                ).fetchone()
            except psycopg.OperationalError as error:
                _log.warning("Worker %s could not give its sign of life: %s", self._worker_id, error)
                self._drop()
                continue
            if beaten is None:
                self._drop()
                self._on_fenced()
                return
            if beaten[0]:
                self._on_silence()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
