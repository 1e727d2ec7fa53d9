"""The store of one account in one mode: objects by kind and id, in Stripe's list order, newest first."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

import orjson

from .clock import Clock
from .errors import no_such
from .undo import Undo

# Fields asked for often enough (list filters, sub-lists) to be worth an index.
INDEXED = (
    "customer",
    "subscription",
    "invoice",
    "payment_intent",
    "charge",
    "product",
    "price",
    "payment_method",
    "coupon",
    "code",
    "email",
    "quote",
    "test_clock",
)

Key = tuple[int, int]  # (created, sequence): the list order, oldest first


class Record:
    """An object with its place in the order and its serialised forms."""

    __slots__ = ("answer", "created", "deleted", "id", "obj", "object", "parent", "raw", "seq", "stamp", "terms")

    def __init__(self, obj: dict[str, Any], id_: str, created: int, seq: int, parent: tuple[str, str] | None) -> None:
        self.obj = obj
        self.object: str = obj["object"]
        self.id = id_
        self.created = created
        self.seq = seq
        self.parent = parent
        self.deleted = False
        self.raw: bytes | None = None  # the stored object as JSON
        self.answer: bytes | None = None  # as answered, valid while `stamp` is
        self.stamp: Any = None
        self.terms: list[tuple[str, str]] = []  # what it is indexed under

    @property
    def key(self) -> Key:
        return (self.created, self.seq)

    def stored(self) -> bytes:
        if self.raw is None:
            self.raw = orjson.dumps(self.obj)
        return self.raw


class Collection:
    """All objects of one kind."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.order: list[tuple[Key, Record]] = []
        self.index: dict[tuple[str, str], dict[str, Record]] = {}
        self.version = 0

    def place(self, record: Record) -> None:
        entry = (record.key, record)
        if not self.order or self.order[-1][0] < record.key:
            self.order.append(entry)
        else:
            insort(self.order, entry, key=lambda one: one[0])

    def unplace(self, record: Record) -> None:
        at = bisect_left(self.order, record.key, key=lambda one: one[0])
        if at < len(self.order) and self.order[at][1] is record:
            del self.order[at]

    def enter(self, record: Record) -> None:
        """(Re)writes what the record is indexed under."""
        terms = [] if record.deleted else _terms(record)
        if terms == record.terms:
            return
        self.leave(record)
        for term in terms:
            self.index.setdefault(term, {})[record.id] = record
        record.terms = terms

    def leave(self, record: Record) -> None:
        """Takes the record out of the index."""
        for term in record.terms:
            self.index.get(term, {}).pop(record.id, None)
        record.terms = []

    def under(self, field: str, value: str) -> list[Record]:
        """Records indexed under field = value, newest first."""
        found = self.index.get((field, value), {})
        return sorted(found.values(), key=lambda record: record.key, reverse=True)

    def newest_first(self) -> Iterator[Record]:
        return (record for _, record in reversed(self.order) if not record.deleted)


def _terms(record: Record) -> list[tuple[str, str]]:
    terms = []
    for field in INDEXED:
        value = record.obj.get(field)
        if isinstance(value, dict):
            value = value.get("id")
        if isinstance(value, str):
            terms.append((field, value))
    if record.parent:
        terms.append(("@parent", f"{record.parent[0]}:{record.parent[1]}"))
    return terms


def plain(value: Any) -> Any:
    """An object embedded whole counts as its id."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


class Objects:
    """Stored objects hold plain ids in expandable fields; keys that begin with "_" are private and never answered."""

    def __init__(self, account: str, livemode: bool, clock: Clock, undo: Undo | None = None) -> None:
        self.account = account
        self.livemode = livemode
        self.other: Objects | None = None  # the same account's store in the other mode
        self.clock = clock
        self.undo = undo or Undo()
        self.sequence = 0
        self.kinds: dict[str, Collection] = {}

    def kind(self, object: str) -> Collection:
        found = self.kinds.get(object)
        if found is None:
            found = self.kinds[object] = Collection()
        return found

    def insert(
        self, obj: dict[str, Any], *, parent: tuple[str, str] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Stores obj under obj["object"], obj["id"] and answers it.

        `parent` (object, id) says whose sub-list it belongs to when no field of its own does; `key` stands in for
        the id of the few objects that have none. An object of the same kind and id is replaced.
        """
        id_ = key or obj["id"]
        kind = self.kind(obj["object"])
        old = kind.records.get(id_)
        if old is not None:
            self.undo.note(self, old)
            kind.unplace(old)
            kind.leave(old)
        else:
            self.undo.note_new(self, obj["object"], id_)
        self.sequence += 1
        created = obj.get("created")
        if not isinstance(created, int):
            created = self.clock.now()
        record = Record(obj, id_, created, self.sequence, parent)
        kind.records[id_] = record
        kind.place(record)
        kind.enter(record)
        kind.version += 1
        return obj

    def record(self, object: str, id: str) -> Record | None:
        kind = self.kinds.get(object)
        return kind.records.get(id) if kind else None

    def maybe(self, object: str, id: str | None) -> dict[str, Any] | None:
        """None for the unknown and the deleted."""
        record = self.record(object, id) if id else None
        if record is None or record.deleted:
            return None
        self.undo.note(self, record)
        return record.obj

    def get(self, object: str, id: str, param: str = "id", status: int | None = None) -> dict[str, Any]:
        """The stored object, to read or to change in place. Unknown: 404 resource_missing, or 400 with a `param`."""
        found = self.maybe(object, id)
        if found is None:
            raise no_such(object, id, param, status, self.hint(object, id))
        return found

    def hint(self, object: str, id: str) -> str:
        """What Stripe adds to "No such …" where the id exists in the other mode."""
        if self.other is None or self.other.record(object, id) is None:
            return ""
        there, here = ("test", "live") if self.livemode else ("live", "test")
        return f"; a similar object exists in {there} mode, but a {here} mode key was used to make this request."

    def select(self, object: str, **equal: Any) -> Iterator[Record]:
        """Records whose fields equal the given values, newest first; a value None is compared too."""
        kind = self.kinds.get(object)
        if kind is None:
            return
        field = next((f for f in INDEXED if f in equal and isinstance(equal[f], str)), None)
        source = kind.under(field, equal[field]) if field else kind.newest_first()
        for record in source:
            if all(plain(record.obj.get(name)) == value for name, value in equal.items()):
                yield record

    def find(self, object: str, **equal: Any) -> list[dict[str, Any]]:
        """Objects whose fields equal the given values, newest first."""
        found = list(self.select(object, **equal))
        for record in found:
            self.undo.note(self, record)
        return [record.obj for record in found]

    def children(self, parent: str, id: str, object: str) -> list[Record]:
        """What hangs under an object, newest first: stored with it as parent, or naming it in the field of its kind."""
        kind = self.kinds.get(object)
        if kind is None:
            return []
        own = kind.under("@parent", f"{parent}:{id}")
        field = parent.rsplit(".", 1)[-1]
        named = [record for record in self.select(object, **{field: id}) if record.parent is None]
        return sorted(own + named, key=lambda record: record.key, reverse=True) if own and named else own or named

    def touch(self, obj: dict[str, Any]) -> None:
        """Says that obj was changed in place."""
        record = self.record(obj["object"], obj.get("id", ""))
        if record is None or record.obj is not obj:
            record = next((one for one in self.kind(obj["object"]).records.values() if one.obj is obj), None)
        if record is None:
            raise LookupError(f"{obj['object']} {obj.get('id')} is not in the store; insert it first.")
        self.settle(record)

    def settle(self, record: Record) -> None:
        """Brings order, index and versions up to a record's present state."""
        kind = self.kind(record.object)
        created = record.obj.get("created")
        if isinstance(created, int) and created != record.created and not record.deleted:
            kind.unplace(record)
            record.created = created
            kind.place(record)
        record.raw = record.answer = None
        kind.enter(record)
        kind.version += 1

    def delete(self, object: str, id: str) -> dict[str, Any]:
        """Leaves a stub {"id", "object", "deleted": True} in the object's place, and answers it."""
        record = self.record(object, id)
        if record is None or record.deleted:
            raise no_such(object, id)
        self.undo.note(self, record)
        record.obj = {"id": id, "object": object, "deleted": True}
        record.deleted = True
        self.settle(record)
        return dict(record.obj)

    def forget(self, object: str, id: str) -> None:
        """Takes an object out as if it had never been."""
        kind = self.kind(object)
        record = kind.records.get(id)
        if record is not None:
            self.undo.note(self, record)
            del kind.records[id]
            kind.unplace(record)
            kind.leave(record)
            kind.version += 1

    def put_back(self, record: Record, obj: dict[str, Any], deleted: bool) -> None:
        """Restores an earlier state of an object, in its old place; the dict keeps its identity."""
        kind = self.kind(record.object)
        present = kind.records.get(record.id)
        if present is not record:
            if present is not None:
                kind.unplace(present)
                kind.leave(present)
            kind.records[record.id] = record
            kind.place(record)
        record.obj.clear()
        record.obj.update(obj)
        record.deleted = deleted
        self.settle(record)

    def count(self, object: str) -> int:
        return sum(1 for _ in self.kind(object).newest_first())

    def snapshot(self) -> dict[str, Any]:
        rows = [
            [record.id, record.seq, record.created, record.deleted, record.parent, record.obj]
            for kind in self.kinds.values()
            for _, record in kind.order
        ]
        return {"account": self.account, "livemode": self.livemode, "sequence": self.sequence, "rows": rows}

    def restore(self, state: dict[str, Any]) -> None:
        self.kinds = {}
        for id_, seq, created, deleted, parent, obj in state["rows"]:
            record = Record(obj, id_, created, seq, tuple(parent) if parent else None)
            record.deleted = deleted
            kind = self.kind(obj["object"])
            kind.records[id_] = record
            kind.place(record)
            kind.enter(record)
        self.sequence = state["sequence"]
