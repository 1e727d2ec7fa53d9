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
        # (store, kind, id) -> the store, the record that was there (None: nothing), its JSON, whether it was deleted
        self._before: dict[tuple[int, str, str], tuple[Objects, Record | None, bytes, bool]] = {}

    def begin(self) -> None:
        self.on = True
        self._before = {}

    def note(self, objects: Objects, record: Record) -> None:
        """Remembers how an object was, the first time a call lays hands on it."""
        if self.on:
            key = (id(objects), record.object, record.id)
            if key not in self._before:
                self._before[key] = (objects, record, record.stored(), record.deleted)

    def note_new(self, objects: Objects, object: str, id_: str) -> None:
        if self.on:
            self._before.setdefault((id(objects), object, id_), (objects, None, b"", False))

    def before(self, objects: Objects, object: str, id_: str) -> bytes | None:
        """The before-image of one object as JSON; None when the call made it or never touched it."""
        found = self._before.get((id(objects), object, id_))
        return found[2] if found and found[1] is not None else None

    def commit(self) -> None:
        """Settles what changed, also where a behaviour forgot to say so."""
        for (_, object, id_), (objects, _, image, _) in self._before.items():
            record = objects.record(object, id_)
            if record is None or record.deleted:
                continue
            # The very same bytes still kept: nobody announced a change. Then compare.
            if record.raw is not image or orjson.dumps(record.obj) != image:
                objects.settle(record)
        self.on = False
        self._before = {}

    def roll_back(self) -> None:
        self.on = False
        for (_, object, id_), (objects, record, image, deleted) in reversed(self._before.items()):
            if record is None:
                objects.forget(object, id_)
            else:
                objects.put_back(record, orjson.loads(image), deleted)
        self._before = {}
