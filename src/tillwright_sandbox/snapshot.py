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


def save(folder: Path, world: dict[str, Any]) -> None:
    """Writes beside the old file and renames, so that a kill at any moment leaves one whole file."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{FILE}.new"
    body = gzip.compress(orjson.dumps({"version": VERSION, "world": world}), compresslevel=1)
    with beside.open("wb") as out:
        out.write(body)
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
        mark = self.world.mark()
        if mark == self.saved_at:
            return
        start = time.perf_counter()
        save(self.folder, self.world.snapshot())
        self.saved_at, self.took = mark, time.perf_counter() - start

    async def run(self) -> None:
        while True:
            await asyncio.sleep(max(self.every, 20 * self.took))
            self.save_now()
