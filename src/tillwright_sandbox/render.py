"""Stored objects as they are answered: wholes for ids where Stripe embeds, sub-lists filled, private keys out."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from . import tables
from .objects import Objects, Record
from .operations import home
from .shape import is_list, objects_of_items
from .tables import Schema

EMBED, NEST, EACH, LIST = "embed", "nest", "each", "list"
SUBLIST_LENGTH = 10
Step = tuple[str, Any]


def _step(schema: Schema, trail: frozenset[str]) -> Step | None:
    """What must be done to a property of this schema; None for nothing."""
    if "expands" in schema:
        return None
    name: str = schema.get("ref") or (schema["anyOf"][0].get("ref", "") if len(schema.get("anyOf", ())) == 1 else "")
    resolved = tables.resolve(schema)
    if "anyOf" in resolved:
        refs = tuple(one.get("ref") for one in resolved["anyOf"])
        resources = all(ref and "resource" in tables.schema(ref) for ref in refs)
        return (EMBED, tuple(map(tables.object_name, refs))) if refs and resources else None
    if "resource" in resolved:
        return (EMBED, (tables.object_name(name),))
    if name:
        if name in trail:
            return None
        trail |= {name}
    if resolved.get("type") == "array":
        inner = _step(resolved["items"], trail)
        return (EACH, inner) if inner else None
    if is_list(resolved):
        return (LIST, objects_of_items(resolved))
    inside = _steps(resolved, trail)
    return (NEST, inside) if inside else None


def _steps(schema: Schema, trail: frozenset[str]) -> dict[str, Step]:
    found = {name: _step(inner, trail) for name, inner in schema.get("properties", {}).items()}
    return {name: step for name, step in found.items() if step}


@cache
def plan(object: str) -> dict[str, Step]:
    """Per property of an object's schema, what answering does to it."""
    name = tables.schema_of_object(object)
    return _steps(tables.schema(name), frozenset({name})) if name else {}


def _reached(step: Step) -> set[str]:
    kind, inner = step
    if kind == EACH:
        return _reached(inner)
    if kind == NEST:
        return {name for one in inner.values() for name in _reached(one)}
    return set(inner)


@cache
def depends_on(object: str) -> tuple[str, ...]:
    """All kinds of objects whose change may change how this kind is answered."""
    seen: set[str] = set()
    waiting = [object]
    while waiting:
        for step in plan(waiting.pop()).values():
            for name in _reached(step) - seen:
                seen.add(name)
                waiting.append(name)
    return tuple(sorted(seen))


def render(objects: Objects, obj: dict[str, Any], id_: str | None = None, depth: int = 0) -> dict[str, Any]:
    """A fresh dict (sharing what needs no change with the stored one)."""
    out = {name: value for name, value in obj.items() if not name.startswith("_")}
    if depth < 8:
        for name, step in plan(str(obj.get("object"))).items():
            if out.get(name) is not None:
                out[name] = _apply(objects, step, out[name], (obj, id_ or obj.get("id"), name), depth)
    return out


def _apply(objects: Objects, step: Step, value: Any, place: tuple[dict[str, Any], Any, str], depth: int) -> Any:
    kind, inner = step
    if value is None:
        return None
    if kind == EACH:
        return [_apply(objects, inner, one, place, depth) for one in value] if isinstance(value, list) else value
    if kind == NEST:
        if not isinstance(value, dict):
            return value
        changed = {
            name: _apply(objects, one, value[name], place, depth)
            for name, one in inner.items()
            if value.get(name) is not None
        }
        return value | changed
    if kind == EMBED:
        return embed(objects, value, inner, depth)
    return sublist(objects, value, inner, place, depth)


def embed(objects: Objects, value: Any, kinds: tuple[str, ...], depth: int = 0) -> Any:
    """The whole object for an id; what is whole already is rendered too; an unknown id stays."""
    if isinstance(value, dict):
        return render(objects, value, None, depth + 1) if "object" in value else value
    for kind in kinds:
        record = objects.record(kind, value)
        if record is not None:
            return render(objects, record.obj, record.id, depth + 1)
    return value


def sublist(objects: Objects, value: Any, kinds: tuple[str, ...], place: tuple[Any, Any, str], depth: int) -> Any:
    """A stored list's own rows, else what hangs under its owner; the oldest ten."""
    if not isinstance(value, dict) or "data" not in value:
        return value
    owner, owner_id, name = place
    if value["data"]:
        return value | {"data": [embed(objects, one, kinds, depth) for one in value["data"]]}
    rows = sublist_rows(objects, str(owner.get("object")), str(owner_id), kinds)
    shown = [render(objects, record.obj, record.id, depth + 1) for record in rows[:SUBLIST_LENGTH]]
    url = value.get("url")
    if not url or url == "/v1":
        url = sublist_url(str(owner.get("object")), str(owner_id), name)
    return value | {"data": shown, "has_more": len(rows) > SUBLIST_LENGTH, "url": url}


def sublist_rows(objects: Objects, owner: str, owner_id: str, kinds: tuple[str, ...]) -> list[Record]:
    rows = [record for kind in kinds for record in objects.children(owner, owner_id, kind)]
    return sorted(rows, key=lambda record: record.key)


def sublist_url(owner: str, owner_id: str, name: str) -> str:
    if (owner, name) == ("subscription", "items"):
        return f"/v1/subscription_items?subscription={owner_id}"
    return f"{home(owner) or '/v1/' + owner}/{owner_id}/{name}"


def body(objects: Objects, record: Record) -> bytes:
    """The answer's bytes for a stored object, kept as long as nothing it shows has changed."""
    if objects.undo.on:  # a call is at work: what it changes may not be announced yet
        return orjson.dumps(render(objects, record.obj, record.id))
    needs = depends_on(record.object)
    stamp = [objects.kinds[name].version for name in needs if name in objects.kinds] if needs else None
    if record.answer is None or record.stamp != stamp:
        if record.deleted or (not plan(record.object) and not any(name[0] == "_" for name in record.obj)):
            record.answer = record.stored()
        else:
            record.answer = orjson.dumps(render(objects, record.obj, record.id))
        record.stamp = stamp
    return record.answer


def fresh(objects: Objects, record: Record) -> dict[str, Any]:
    """The answer as a dict of its own, free to change."""
    return orjson.loads(body(objects, record))
