"""A line to PostgreSQL that can be cut at a commit: before the server hears of it, or before it is heard to be done."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from tillwright.kit.seal import Secret

Moment = Literal["asked", "answered"]
"""`asked`: cut with the commit on its way, so that nothing is kept. `answered`: the server has committed, and its word
is what gets lost."""
COMMIT = b"COMMIT\0"


class Line:
    """Passes on PostgreSQL's messages, each connection's over a socket of its own.

    `url` is the database's address by way of the line; `lost` counts the commits that it was cut at. While `counting`
    is False commits pass without being counted.
    """

    def __init__(self, owner_url: Secret, folder: Path) -> None:
        found = re.search(r"host=([^&]+)", owner_url.reveal())
        assert found, "the tests' server has a socket"
        self._server = Path(found.group(1)) / ".s.PGSQL.5432"
        self.socket = folder / ".s.PGSQL.5432"
        self.url = Secret(owner_url.reveal().replace(found.group(0), f"host={folder}"))
        self.commits = self.lost = 0
        self.counting = True
        self._cuts: dict[int, Moment] = {}

    def cut(self, *commits: int, moment: Moment) -> None:
        """Cut it at these commits from now on, the first being 1, and at no other."""
        self.commits = 0
        self._cuts = dict.fromkeys(commits, moment)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, until either end has gone or it is cut."""
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._server)
        except OSError:  # the server is away
            writer.transport.abort()
            return
        cut = asyncio.Event()
        ways = [
            asyncio.create_task(self._ask(reader, to_server, cut)),
            asyncio.create_task(self._answer(from_server, writer, cut)),
        ]
        with contextlib.suppress(asyncio.CancelledError):  # the loop is closing
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (writer, to_server):
            end.transport.abort()

    async def _ask(self, reader: StreamReader, writer: StreamWriter, cut: asyncio.Event) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await _pass_on(writer, b"", await _rest(reader))  # how a connection begins: without a letter
            while True:
                kind, rest = await reader.readexactly(1), await _rest(reader)
                if kind == b"Q" and rest[4:] == COMMIT and self.counting:
                    self.commits += 1
                    moment = self._cuts.pop(self.commits, None)
                    self.lost += moment is not None
                    if moment == "asked":
                        return
                    if moment == "answered":
                        cut.set()
                await _pass_on(writer, kind, rest)

    async def _answer(self, reader: StreamReader, writer: StreamWriter, cut: asyncio.Event) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                kind, rest = await reader.readexactly(1), await _rest(reader)
                if kind == b"C" and rest[4:] == COMMIT and cut.is_set():
                    return
                await _pass_on(writer, kind, rest)


async def _rest(reader: StreamReader) -> bytes:
    """A message behind its letter: its length, itself included, and what it says."""
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length) - 4)


async def _pass_on(writer: StreamWriter, kind: bytes, rest: bytes) -> None:
    writer.write(kind + rest)
    await writer.drain()


@contextlib.asynccontextmanager
async def line_to(owner_url: Secret) -> AsyncIterator[Line]:
    """A line to a server of the tests'."""
    with tempfile.TemporaryDirectory(prefix="line-") as folder:
        line = Line(owner_url, Path(folder))
        server = await asyncio.start_unix_server(line.serve, line.socket)
        try:
            yield line
        finally:
            server.close()
