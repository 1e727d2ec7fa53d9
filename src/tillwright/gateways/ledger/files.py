"""Two small files in the key folder: one only ever grows, the other is replaced whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import orjson

Head = tuple[int, str]
"""An entry's number and digest."""


class Ledger:
    """The files of one folder; any number of processes on the machine may use it at once.

    Every call is a file's read or write of a few kilobytes: call it from a thread where that matters.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deletions(self) -> Sequence[dict[str, Any]]:
        """Every deletion noted here, oldest first; a line that was cut off by a crash is no line."""
        try:
            lines = self._path("deletions.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [found for line in lines if (found := _object(line)) is not None]

    def note_deletions(self, new: Sequence[Mapping[str, Any]]) -> None:
        """Add those whose `id` is not there yet; on disk when this returns."""
        with self._locked():
            known = {each.get("id") for each in self.deletions()}
            lines = [orjson.dumps(dict(each)) for each in new if each["id"] not in known]
            if not lines:
                return
            path = self._path("deletions.jsonl")
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                size = file.seek(0, os.SEEK_END)
                # Behind a line that a crash cut off, a new one begins on a line of its own.
                file.seek(max(0, size - 1))
                whole = size == 0 or file.read(1) == b"\n"
                file.seek(0, os.SEEK_END)
                file.write((b"" if whole else b"\n") + b"\n".join(lines) + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def heads(self) -> dict[str, Head]:
        """By organisation, the newest entry of its audit trail that was noted here."""
        try:
            found = _object(self._path("audit-heads.json").read_bytes()) or {}
        except FileNotFoundError:
            return {}
        return {name: (int(head[0]), str(head[1])) for name, head in found.items()}

    def note_heads(self, new: Mapping[str, Head]) -> None:
        """Keep the further of what is noted and what is new."""
        with self._locked():
            kept = self.heads()
            for name, head in new.items():
                if head[0] > kept.get(name, (0, ""))[0]:
                    kept[name] = head
            path = self._path("audit-heads.json")
            draft = path.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(orjson.dumps(kept))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / name

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._path("ledger.lock"), os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return cast(dict[str, Any], found) if isinstance(found, dict) else None
