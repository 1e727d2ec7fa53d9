"""Lending a pool's connections: those that the server ended meanwhile are passed over at once, all of them."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


@asynccontextmanager
async def lend(pool: Pool, within: float | None = None) -> AsyncIterator[AsyncConnection[DictRow]]:
    """One of the pool's connections; commits at the end, rolls back on an error.

    The pool can look at a connection itself, but pauses after each one that is dead, twice as long as before: of a
    restarted server's it would hand out the fifth one after half a minute.

    Args:
        within: seconds to wait for it, the pool's own if not said.

    Raises:
        PoolTimeout: there was none in that time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + (pool.timeout if within is None else within)
    connection = await pool.getconn(within)
    while not await _alive(pool, connection):
        await connection.close()
        await pool.putconn(connection)  # which makes another one instead
        connection = await pool.getconn(until - loop.time())
    try:
        async with connection:
            yield connection
    finally:
        await pool.putconn(connection)


async def _alive(pool: Pool, connection: AsyncConnection[DictRow]) -> bool:
    # A server that ended the connection has said so, and then there is something to read: nothing there, nothing asked.
    if connection.closed:
        return False
    socket = select.poll()
    socket.register(connection.pgconn.socket, select.POLLIN)
    if not socket.poll(0):
        return True
    # Not the pool's own check: it switches autocommit on meanwhile, and cancelled at the wrong moment leaves it on.
    # Such a connection would have no transaction, so no organisation, and nothing atomic.
    try:
        await connection.execute("")
        await connection.rollback()
    except OperationalError:
        return False
    except BaseException:
        await pool.putconn(connection)
        raise
    return True
