"""The world on disk: one file, replaced whole, so that a restart goes on where the last run stopped."""

import asyncio
import gzip
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from .world import World

FILE = "sandbox.json.gz"
VERSION = 1


def load(folder: Path) -> dict[str, Any] | None:
    """The state kept in a folder, or None. A file of another version raises ValueError saying what to do."""
    file = folder / FILE
    if not file.exists():
        return None
    state = orjson.loads(gzip.decompress(file.read_bytes()))
    if state.get("version") != VERSION:
        raise ValueError(f"{file} is of another version of the sandbox; move it away to start afresh.")
    return state["world"]


def pack(world: dict[str, Any]) -> bytes:
    """The state as one text, taken at one moment."""
    return orjson.dumps({"version": VERSION, "world": world})


def write(folder: Path, packed: bytes) -> None:
    """Writes beside the old file and renames, so that a kill at any moment leaves one whole file."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{FILE}.new"
    with beside.open("wb") as out:
        out.write(gzip.compress(packed, compresslevel=1))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(folder / FILE)


class Keeper:
    """Saves when something changed, each few seconds; less often the longer a save takes: it stays a small part."""

    def __init__(self, world: "World", folder: Path, every: float = 5.0) -> None:
        self.world, self.folder, self.every = world, folder, every
        self.saved_at: object = None
        self.took = 0.0

    def save_now(self) -> None:
        packed = self._take()
        if packed is not None:
            write(self.folder, packed)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(max(self.every, 40 * self.took))
            packed = self._take()
            if packed is not None:
                # Requests go on while the file is written; a stop waits for it.
                await asyncio.shield(asyncio.to_thread(write, self.folder, packed))

    def _take(self) -> bytes | None:
        """The state, or None when nothing has changed since it was last taken."""
        start = time.perf_counter()
        with self.world.lock:
            mark = self.world.mark()
            if mark == self.saved_at:
                return None
            packed = pack(self.world.snapshot())
        self.saved_at, self.took = mark, time.perf_counter() - start
        return packed
