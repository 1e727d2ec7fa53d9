"""The master keys of an installation, read again when their file changes, so that a rotation needs no restart."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tillwright.kit.errors import Conflict
from tillwright.kit.seal import MasterKey


class Keyring:
    """The first key seals, all of them open.

    Args:
        keys: keys of the environment, which only a restart changes; none of them if they are in a file.
        file: a key a line, the sealing one first; made, with one key, where it is not there.
    """

    def __init__(
        self, keys: Sequence[MasterKey] = (), file: Path | None = None, *, old: Sequence[MasterKey] = ()
    ) -> None:
        if not keys and file is None:
            raise ValueError("a keyring needs keys, or a file of them")
        self._given = list(keys)
        self._old = list(old)
        self._file = None if keys else file
        self._seen: tuple[int, int, int] | None = None
        self._read: list[MasterKey] = []

    @property
    def changeable(self) -> bool:
        """Whether a new key can be put in place here; keys of the environment are somebody else's to change."""
        return self._file is not None

    def present(self) -> Sequence[MasterKey]:
        """The keys as they are now.

        Raises:
            Invalid: the file is readable by others, or holds no key.
        """
        if self._file is None:
            return [*self._given, *self._old]
        if not self._file.exists():
            MasterKey.in_file(self._file)
        stat = self._file.stat()
        mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if mark != self._seen:
            self._read, self._seen = list(MasterKey.all_in_file(self._file)), mark
        return [*self._read, *self._old]

    def add(self) -> MasterKey:
        """Put a new key in front: from now on it seals, in every process. Those before it still open.

        Raises:
            Conflict: the keys are not in a file.
        """
        new = secrets.token_urlsafe(32)
        with self._changing() as lines:
            self._write([new, *lines])
        return self.present()[0]

    def keep_first(self) -> Sequence[str]:
        """Take all but the sealing key out of the file; returns the ids of those that went, in hex."""
        with self._changing() as lines:
            self._write(lines[:1])
        return [MasterKey.parse(line).id.hex() for line in lines[1:]]

    @contextmanager
    def _changing(self) -> Generator[list[str]]:
        if self._file is None:
            raise Conflict(
                "master_key_in_environment",
                "The master key comes from the environment, so it can't be changed here.",
                remedy="Put a new key into TILLWRIGHT_MASTER_KEY and the present one into TILLWRIGHT_OLD_MASTER_KEYS.",
            )
        self.present()
        with self._file.with_name(self._file.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._file.read_text().split()

    def _write(self, lines: Sequence[str]) -> None:
        assert self._file is not None
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(line + "\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        # Whole or not at all, whatever dies.
        os.replace(draft, self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
