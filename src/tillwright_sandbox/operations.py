"""Every operation of Stripe's page: what it acts on, what kind it is, and which one an address means."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from . import tables
from .beyond import ROWS
from .tables import Schema

KINDS = ("list", "search", "retrieve", "create", "update", "delete", "verb", "singleton")


@dataclass(frozen=True, eq=False)
class Operation:
    id: str
    method: str
    path: str
    params: Schema  # an object schema of query and body parameters
    answer: Schema
    kind: str  # one of KINDS
    resources: tuple[str, ...]  # schema names of what it answers (of the rows, for a list); deleted_… left out
    deleted: tuple[str, ...]  # the deleted_… schemas it may answer
    media: str = "application/json"
    upload: bool = False
    segments: tuple[str, ...] = ()
    id_param: str | None = None  # the path parameter that names the object itself
    parent: tuple[str, str] | None = None  # (object, path parameter) the address lies under
    verb: str | None = None
    path_params: tuple[str, ...] = field(default=())

    @property
    def resource(self) -> str:
        return self.resources[0]

    @property
    def objects(self) -> tuple[str, ...]:
        """The values of "object" this operation acts on."""
        return tuple(tables.object_name(name) for name in self.resources)

    @property
    def object(self) -> str:
        return self.objects[0] if self.resources else ""


def _is_param(segment: str) -> bool:
    return segment.startswith("{")


def _answer_names(answer: Schema) -> tuple[str, ...]:
    if "ref" in answer:
        return tables.resource_names(answer["ref"])
    if "anyOf" in answer:
        return tuple(name for one in answer["anyOf"] for name in _answer_names(one))
    rows = answer.get("properties", {}).get("data", {}).get("items")
    return _answer_names(rows) if rows else ()


def _kind(method: str, segments: tuple[str, ...], answer: Schema, own: tuple[str, ...], above: tuple[str, ...]) -> str:
    envelope = answer.get("properties", {}).get("object", {}).get("enum", [])
    if "search_result" in envelope:
        return "search"
    if "list" in envelope:
        return "list"
    if method == "DELETE":
        return "delete"
    if _is_param(segments[-1]):
        return "retrieve" if method == "GET" else "update"
    if method == "GET":
        return "singleton"
    if above and set(above) & set(own):
        return "verb"
    return "create"


def _shape(path: str) -> str:
    """An address with its parameters' names left out: two addresses of one thing may name them differently."""
    return "/".join("{}" if _is_param(part) else part for part in path.split("/"))


def _build(row: dict[str, Any], at: dict[str, tuple[str, ...]], alone: frozenset[str]) -> Operation:
    segments = tuple(row["path"].strip("/").split("/"))
    names = _answer_names(row["answer"])
    own = tuple(dict.fromkeys(name for name in names if not name.startswith("deleted_")))
    deleted = tuple(dict.fromkeys(name for name in names if name.startswith("deleted_")))
    if not own:
        own = tuple(name.removeprefix("deleted_") for name in deleted)
    places = [index for index, part in enumerate(segments) if _is_param(part)]
    last_is_id = bool(places) and places[-1] == len(segments) - 1
    above: tuple[str, ...] = ()
    if places and not last_is_id:
        above = at.get(_shape("/" + "/".join(segments[: places[-1] + 1])).replace("/test_helpers/", "/"), ())
    kind = _kind(row["method"], segments, row["answer"], own, above)
    if row["method"] == "POST" and not last_is_id and _shape(row["path"]) in alone:
        kind = "singleton"
    id_at = places[-1] if places and (last_is_id or kind == "verb") else None
    parent_places = [index for index in places if index != id_at]
    parent = None
    if parent_places:
        place = parent_places[-1]
        found = at.get(_shape("/" + "/".join(segments[: place + 1])))
        if found:
            parent = (tables.object_name(found[0]), segments[place][1:-1])
    return Operation(
        id=row["id"],
        method=row["method"],
        path=row["path"],
        params=row["params"],
        answer=row["answer"],
        kind=kind,
        resources=own,
        deleted=deleted,
        media=row["media"],
        upload=row["upload"],
        segments=segments,
        id_param=segments[id_at][1:-1] if id_at is not None else None,
        parent=parent,
        verb=segments[-1] if kind == "verb" else None,
        path_params=tuple(segments[index][1:-1] for index in places),
    )


@cache
def operations() -> dict[str, Operation]:
    """By operation id."""
    rows = tables.operations()
    at: dict[str, tuple[str, ...]] = {}
    for row in sorted(rows, key=lambda row: row["method"] != "GET"):
        if row["path"].endswith("}"):
            names = tuple(name for name in _answer_names(row["answer"]) if not name.startswith("deleted_"))
            at.setdefault(_shape(row["path"]), names)
    # Addresses that name no object and are not a list: the one object of its kind is read and changed there.
    alone = frozenset(
        _shape(row["path"])
        for row in rows
        if row["method"] == "GET"
        and not row["path"].endswith("}")
        and "data" not in row["answer"].get("properties", {})
    )
    return {row["id"]: _build(row, at, alone) for row in rows}


@cache
def beyond() -> dict[str, Operation]:
    """Those the page leaves out, by operation id."""
    return {row["id"]: _build(row, {}, frozenset()) for row in ROWS}


@cache
def _tree() -> dict[str, Any]:
    """segment -> … -> {method: operation}; a parameter's segment is "{}", the leaf's key is None."""
    root: dict[Any, Any] = {}
    for operation in [*operations().values(), *beyond().values()]:
        node = root
        for part in operation.segments:
            node = node.setdefault("{}" if _is_param(part) else part, {})
        node.setdefault(None, {})[operation.method] = operation
    return root


def match(method: str, segments: list[str]) -> tuple[Operation, dict[str, str]] | None:
    """The operation an address means, with its path parameters; a literal segment goes before a parameter."""

    def walk(node: dict[Any, Any], index: int, values: list[str]) -> tuple[Operation, list[str]] | None:
        if index == len(segments):
            operation = node.get(None, {}).get(method)
            return (operation, values) if operation else None
        part = segments[index]
        if part in node and part != "{}":
            found = walk(node[part], index + 1, values)
            if found:
                return found
        if "{}" in node and part:
            return walk(node["{}"], index + 1, [*values, part])
        return None

    found = walk(_tree(), 0, [])
    if found is None:
        return None
    operation, values = found
    return operation, dict(zip(operation.path_params, values, strict=True))


@cache
def home(object: str) -> str | None:
    """The collection's address of an object ("/v1/customers" for "customer"), if it has one at the top."""
    best: str | None = None
    for operation in operations().values():
        if operation.method == "GET" and operation.kind in ("list", "retrieve") and object in operation.objects:
            path = operation.path if operation.kind == "list" else operation.path.rsplit("/", 1)[0]
            if "{" not in path and (best is None or len(path) < len(best)):
                best = path
    return best
