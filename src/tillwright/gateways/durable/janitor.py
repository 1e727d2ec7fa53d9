"""A living worker finishes a dead worker's runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tillwright.gateways.database import Database, Tx
from tillwright.gateways.durable.engine import Engine
from tillwright.gateways.durable.presence import SILENT

LOST = 10.0
"""Seconds without a sign of life after which any worker counts as dead."""

_log = logging.getLogger(__name__)


async def sweep(database: Database, engine: Engine, *, silent: float = SILENT, lost: float = LOST) -> Sequence[str]:
    """Find workers that died or stopped and put their runs back into the queue; returns the runs' ids.

    One process at a time does this, under a lock: a run is put back only while it is booked on the dead worker, so
    two sweeps never start it twice. Marking the worker dead also fences it: one that only seemed dead finds its row
    changed and ends (see `presence`).
    """
    async with database.open() as tx:
        if not await _alone(tx):
            return []
        gone = [*await _newly_dead(tx, silent, lost), *await _unswept(tx)]
        if not gone:
            return []
        runs = await engine.take_over(gone)
        await tx.execute("update workers set swept = clock_timestamp() where id = any(%s)", (gone,))
        await tx.execute("delete from workers where swept < clock_timestamp() - interval '7 days'")
    if runs:
        _log.warning("Took over %d runs of workers that are gone (%s).", len(runs), ", ".join(gone))
    return runs


async def sweep_strays(database: Database, engine: Engine) -> Sequence[str]:
    """Put back every run in the hands of no living worker: the net below `sweep`, for once in a while."""
    async with database.open() as tx:
        if not await _alone(tx):
            return []
        rows = await (await tx.execute("select id from workers where state = 'ALIVE'")).fetchall()
        return await engine.take_over_strays([row["id"] for row in rows])


async def _alone(tx: Tx) -> bool:
    row = await (
        await tx.execute("select pg_try_advisory_xact_lock(hashtextextended('tillwright janitor', 0)) as alone")
    ).fetchone()
    return bool(row and row["alone"])


async def _newly_dead(tx: Tx, silent: float, lost: float) -> Sequence[str]:
    silences = await (
        await tx.execute(
            "select id, extract(epoch from clock_timestamp() - beat)::float8 as silence from workers "
            "where state = 'ALIVE' and beat < clock_timestamp() - make_interval(secs => %s)",
            (silent,),
        )
    ).fetchall()
    dead = [row["id"] for row in silences if row["silence"] > lost or await _lock_is_free(tx, row["id"])]
    if dead:
        await tx.execute("update workers set state = 'DEAD' where id = any(%s)", (dead,))
    return dead


async def _lock_is_free(tx: Tx, worker_id: str) -> bool:
    row = await (
        await tx.execute(
            "select pg_try_advisory_xact_lock(hashtextextended('tillwright worker ' || %s, 0)) as free", (worker_id,)
        )
    ).fetchone()
    return bool(row and row["free"])


async def _unswept(tx: Tx) -> Sequence[str]:
    rows = await (await tx.execute("select id from workers where swept is null and state = 'STOPPED'")).fetchall()
    return [row["id"] for row in rows]
