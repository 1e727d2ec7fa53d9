"""Transactions under the application role, each bound to one organisation or to none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import orjson
from psycopg import AsyncConnection, DataError, OperationalError, sql
from psycopg.errors import DiskFull
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tillwright.gateways.database.lending import lend
from tillwright.gateways.database.tables import APPLICATION_ROLE, SCHEMA
from tillwright.kit.errors import Invalid, Upstream
from tillwright.kit.seal import Secret

Tx = AsyncConnection[DictRow]

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)

RECONNECT = 1.0
"""Seconds between two tries to reach a server that is away, however long it is."""

AWAY = frozenset({"database_unreachable", "database_full"})
"""Codes of errors that pass without anybody asking anew: whoever can wait does."""
_UNREACHABLE = {
    "sentence": "The database cannot be reached just now.",
    "remedy": "Try again in a moment; if it stays so, look at the database server's log.",
}


class Database:
    """A pool of connections that can do only what the application role may.

    Args:
        owner_url: the address that owns the schema; used here only to derive the application's.
        application_url: the application role's own address, where it has one.
        size: at most so many connections.
    """

    def __init__(self, owner_url: Secret, application_url: Secret | None = None, *, size: int = 10) -> None:
        self.owner_url = owner_url
        self._url = (application_url or as_application(owner_url)).reveal()
        self._pool: AsyncConnectionPool[Tx] = AsyncConnectionPool(
            self._url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "options": self._options(application_url is None)},
            min_size=1,
            max_size=size,
            timeout=10,
            # The pool doubles its pause between tries up to this; left at its five minutes, a server that was away for
            # one would be found again only a minute after it is back.
            reconnect_timeout=RECONNECT,
            reconnect_failed=_begin_again,
            open=False,
        )
        self._singles: AsyncConnectionPool[Tx] = AsyncConnectionPool(
            self._url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "options": self._options(application_url is None), "autocommit": True},
            min_size=0,
            max_size=2,
            timeout=10,
            reconnect_timeout=RECONNECT,
            reconnect_failed=_begin_again,
            open=False,
        )

    @staticmethod
    def _options(set_role: bool) -> str:
        role = f" -c role={APPLICATION_ROLE}" if set_role else ""
        return f"-c search_path={SCHEMA} -c timezone=UTC{role}"

    async def start(self) -> None:
        """Open the pool.

        Raises:
            Upstream: no connection within ten seconds.
        """
        try:
            await self._pool.open(wait=True, timeout=10)
            await self._singles.open()
        except PoolTimeout as error:
            await self._pool.close()
            raise Upstream("database_unreachable", **_UNREACHABLE) from error

    async def stop(self) -> None:
        """Close every connection."""
        await self._singles.close()
        await self._pool.close()

    async def __aenter__(self) -> Database:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @asynccontextmanager
    async def tenant(self, organisation_id: str) -> AsyncIterator[Tx]:
        """One transaction that sees one organisation's rows; commits at the end, rolls back on an error.

        Raises:
            Upstream: the database cannot be reached.
        """
        if not organisation_id:
            raise ValueError("a tenant transaction needs an organisation")
        async with self._transaction() as tx:
            await tx.execute("select set_config('tillwright.organisation', %s, true)", (organisation_id,))
            yield tx

    @asynccontextmanager
    async def open(self, *, within: float | None = None) -> AsyncIterator[Tx]:
        """One transaction that sees no organisation's rows: only global tables and definer functions.

        Args:
            within: seconds to wait for a connection, ten if not said.

        Raises:
            Upstream: the database cannot be reached.
        """
        async with self._transaction(within) as tx:
            yield tx

    async def single(self, statement: LiteralString, params: Sequence[Any]) -> DictRow | None:
        """The first row of one statement that is a transaction of its own, under no organisation.

        For rows that everybody waits for: they are locked on the server alone, never while this process is busy.

        Raises:
            Upstream: the database cannot be reached.
        """
        try:
            async with lend(self._singles) as connection:
                return await (await connection.execute(statement, params)).fetchone()
        except (OperationalError, PoolTimeout) as error:
            raise _upstream(error) from error

    @asynccontextmanager
    async def _transaction(self, within: float | None = None) -> AsyncIterator[Tx]:
        try:
            # Looked at before it is handed out: a restarted server costs a reconnect, not an error.
            async with lend(self._pool, within) as connection:
                yield connection
        except (OperationalError, PoolTimeout) as error:
            raise _upstream(error) from error
        except (DataError, UnicodeEncodeError) as error:
            # A zero byte, half a character, a number beyond any column: whoever typed it is to be told.
            raise Invalid(
                "value_unstorable",
                "A value holds a character or a number that cannot be stored.",
                remedy="Leave out characters that cannot be seen, and numbers beyond 18 digits.",
            ) from error

    async def listen(self, channel: str) -> AsyncIterator[str]:
        """Payloads of a channel, on a connection of its own; a hint to look sooner, never the only cause to look."""
        connection = await AsyncConnection[DictRow].connect(
            self._url, autocommit=True, row_factory=dict_row, options=self._options(False)
        )
        try:
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            async for notice in connection.notifies():
                yield notice.payload
        finally:
            await connection.close()


def _upstream(error: Exception) -> Upstream:
    if isinstance(error, DiskFull):
        return Upstream(
            "database_full",
            "The database's disk has no room left.",
            remedy="Make room on it; nothing has to be started again.",
        )
    return Upstream("database_unreachable", **_UNREACHABLE)


async def _begin_again(pool: AsyncConnectionPool[Any]) -> None:
    # Having given up, the pool would try again only for the next caller, and those who wait already would wait in vain.
    await pool.check()


def as_application(owner_url: Secret) -> Secret:
    """The owner's address for the application role.

    The embedded server trusts its local socket, so there the role signs in itself. A server with passwords has none
    for it: there the connection starts as the owner and takes the role on (see `Database._options`).
    """
    parts = urlsplit(owner_url.reveal())
    if parts.hostname or parts.password or "host=" not in parts.query:
        return owner_url
    return Secret(urlunsplit(parts._replace(netloc=f"{APPLICATION_ROLE}:@")))


def driver_url(url: Secret, **query: Any) -> str:
    """The same address as SQLAlchemy names it, with psycopg as the driver."""
    return "postgresql+psycopg" + url.reveal()[url.reveal().index("://") :]
