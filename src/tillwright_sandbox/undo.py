"""Before-images of what a call touches, so that a refused call leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from .objects import Objects, Record


class Undo:
    """One for a world: calls run one at a time. Off, it notes nothing (reads change nothing)."""

    def __init__(self) -> None:
        self.on = False
        self._before: dict[tuple[int, str, str], tuple[Objects, str, str, bytes | None, bool]] = {}

    def begin(self) -> None:
        self.on = True
        self._before = {}

    def note(self, objects: Objects, record: Record) -> None:
        """Remembers how an object was, the first time a call lays hands on it."""
        if self.on:
            key = (id(objects), record.object, record.id)
            if key not in self._before:
                self._before[key] = (objects, record.object, record.id, record.stored(), record.deleted)

    def note_new(self, objects: Objects, object: str, id_: str) -> None:
        if self.on:
            self._before.setdefault((id(objects), object, id_), (objects, object, id_, None, False))

    def before(self, objects: Objects, object: str, id_: str) -> bytes | None:
        """The before-image of one object as JSON; None when the call made it or never touched it."""
        found = self._before.get((id(objects), object, id_))
        return found[3] if found else None

    def commit(self) -> None:
        """Settles what changed, also where a behaviour forgot to say so."""
        for objects, object, id_, image, _ in self._before.values():
            record = objects.record(object, id_)
            if record is not None and image is not None and not record.deleted:
                now = orjson.dumps(record.obj)
                if now != image:
                    objects.settle(record)
        self.on = False
        self._before = {}

    def roll_back(self) -> None:
        self.on = False
        for objects, object, id_, image, deleted in reversed(self._before.values()):
            if image is None:
                objects.forget(object, id_)
            else:
                objects.put_back(object, id_, orjson.loads(image), deleted)
        self._before = {}
