"""Objects of which there is one an account or one a parent, and the odd reads: found, never listed."""

from __future__ import annotations

from typing import Any

from . import generic, tables
from .call import Call
from .errors import no_such


def read(call: Call) -> dict[str, Any]:
    """The one object at an address that names none; made with its defaults at the first look."""
    return held(call)


def change(call: Call) -> dict[str, Any]:
    obj = held(call)
    generic.apply(obj, call.params)
    call.objects.settle(_record(call, obj))
    generic.emit(call, obj, "updated")
    return obj


def remove(call: Call) -> dict[str, Any]:
    """DELETE of a singleton (a discount): its stub."""
    parent = generic.parent_of(call)
    found = call.objects.children(*parent, call.operation.object) if parent else []
    if not found:
        raise no_such(call.operation.object, call.operation.object)
    return call.objects.delete(found[0].object, found[0].id)


def held(call: Call) -> dict[str, Any]:
    operation = call.operation
    key = key_of(call)
    record = call.objects.record(operation.object, key)
    if record is None:
        parent = generic.parent_of(call)
        obj = generic.build(call, operation.resource, **_from_params(call, parent))
        call.objects.insert(obj, parent=parent, key=key)
        return obj
    call.objects.undo.note(call.objects, record)
    return record.obj


def key_of(call: Call) -> str:
    return "/".join(call.path.values()) + "/" + call.operation.segments[-1]


def _record(call: Call, obj: dict[str, Any]) -> Any:
    record = call.objects.record(obj["object"], key_of(call))
    if record is None:
        raise LookupError(f"{obj['object']} is not in the store")
    return record


def _from_params(call: Call, parent: tuple[str, str] | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if parent and parent[0].rsplit(".", 1)[-1] in tables.schema(call.operation.resource).get("properties", {}):
        values[parent[0].rsplit(".", 1)[-1]] = parent[1]
    return values
