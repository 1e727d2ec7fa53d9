"""What a database server suffers: its disk is full, or one of its processes dies and takes all the others with it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tillwright.kit.seal import Secret

FULL = Path("/dev/full")
"""The kernel's device that has no room left."""
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


@contextlib.contextmanager
def full_disk(owner_url: Secret, table: str) -> Iterator[None]:
    """Meanwhile the table can't grow: its file is the full device, and the server is told so by the kernel.

    What the table holds is away meanwhile too, and there again after.
    """
    with psycopg.connect(owner_url.reveal(), autocommit=True) as owner:
        owner.execute("checkpoint")  # nothing is left to be written where there is no room
        place = owner.execute(
            "select current_setting('data_directory'), pg_relation_filepath(%s)", (f"tillwright.{table}",)
        ).fetchone()
        assert place is not None
        file = Path(*place)
        kept = file.with_name(file.name + "_kept")
        file.rename(kept)
        file.symlink_to(FULL)
        try:
            end_connections(owner)  # each server process has opened the file for itself
            yield
        finally:
            file.unlink()
            kept.rename(file)
            end_connections(owner)


def end_connections(owner: psycopg.Connection) -> None:
    """End every other connection to the database, and wait until they have."""
    owner.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )


def crash(owner_url: Secret) -> None:
    """`kill -9` of one server process: the server ends all the others, and reads its log again before it answers."""
    with psycopg.connect(owner_url.reveal(), autocommit=True) as owner, contextlib.suppress(psycopg.OperationalError):
        os.kill(owner.info.backend_pid, signal.SIGKILL)
        owner.execute("select 1")
