"""`expand`: ids in an answer replaced by the objects they stand for, up to four levels deep."""

from __future__ import annotations

from typing import Any

from . import tables
from .errors import StripeError, invalid
from .objects import Objects
from .render import SUBLIST_LENGTH, fresh, sublist_rows, sublist_url
from .shape import is_list, objects_of_items
from .tables import Schema

DEEPEST = 4


def expand(objects: Objects, answer: dict[str, Any], schema: Schema, paths: list[str]) -> None:
    """Expands an answer in place. Raises 400 for what cannot be expanded or lies too deep."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        _walk(objects, answer, schema, parts, path)


def _refuse(path: str, schema: Schema) -> StripeError:
    text = f"This property cannot be expanded ({path})."
    if is_list(schema) and not path.startswith("data"):
        text += f" You may want to try expanding 'data.{path}' instead."
    return invalid(text, "expand")


def _schema_of(value: Any, schema: Schema) -> Schema:
    """The schema that describes a value: its own object's, where it says what it is."""
    if isinstance(value, dict):
        name = tables.schema_of_object(str(value.get("object")))
        if name:
            return tables.schema(name)
    return tables.resolve(schema)


def _walk(objects: Objects, value: Any, schema: Schema, parts: list[str], path: str) -> None:
    schema = _schema_of(value, schema)
    if "anyOf" in schema:
        _walk_union(objects, value, schema, parts, path)
        return
    inner = schema.get("properties", {}).get(parts[0])
    if inner is None:
        if isinstance(value, dict) and value.get("deleted"):
            return
        raise _refuse(path, schema)
    _expand_property(objects, value, parts, inner, path)


def _walk_union(objects: Objects, value: Any, schema: Schema, parts: list[str], path: str) -> None:
    options = [one for one in map(tables.resolve, schema["anyOf"]) if parts[0] in one.get("properties", {})]
    if not options:
        raise _refuse(path, schema)
    _walk(objects, value, options[0], parts, path)


def _expand_property(objects: Objects, value: Any, parts: list[str], schema: Schema, path: str) -> None:
    name, rest = parts[0], parts[1:]
    resolved = tables.resolve(schema)
    rows = resolved.get("items", {})
    targets = schema.get("expands") or resolved.get("expands") or rows.get("expands")
    nested = is_list(resolved) or resolved.get("type") in ("object", "array") or "anyOf" in resolved
    if not targets and not nested:
        raise _refuse(path, {})
    if not isinstance(value, dict):
        _check_only(targets, resolved, rest, path)
        return
    if is_list(resolved):
        _include(objects, value, name, resolved)
    elif targets and value.get(name) is not None:
        kinds = tuple(tables.object_name(one) for one in targets)
        held = value[name]
        value[name] = (
            [_whole(objects, one, kinds) for one in held] if isinstance(held, list) else _whole(objects, held, kinds)
        )
    if not rest:
        return
    held = value.get(name)
    below = tables.schema(targets[0]) if targets else (tables.resolve(rows) if rows else resolved)
    if held == []:
        _check_only(targets, tables.resolve(rows) if rows else resolved, rest, path)
    for one in held if isinstance(held, list) else [held]:
        if isinstance(one, dict):
            _walk(objects, one, below, rest, path)
        elif one is None or not isinstance(held, list):
            _check_only(targets, resolved, rest, path)


def _check_only(targets: list[str] | None, resolved: Schema, rest: list[str], path: str) -> None:
    """Nothing there to expand: still refuse what no object of the kind could expand."""
    if rest:
        options = [tables.schema(name) for name in targets] if targets else [resolved]
        if not any(rest[0] in tables.resolve(one).get("properties", {}) or "anyOf" in one for one in options):
            raise _refuse(path, {})


def _whole(objects: Objects, held: Any, kinds: tuple[str, ...]) -> Any:
    if not isinstance(held, str):
        return held
    for kind in kinds:
        record = objects.record(kind, held)
        if record is not None:
            return fresh(objects, record)
    return held


def _include(objects: Objects, value: dict[str, Any], name: str, schema: Schema) -> None:
    """Puts in a sub-list that is only answered when asked for."""
    if isinstance(value.get(name), dict):
        return
    owner, owner_id = str(value.get("object")), str(value.get("id"))
    rows = sublist_rows(objects, owner, owner_id, objects_of_items(schema))[::-1]
    value[name] = {
        "object": "list",
        "data": [fresh(objects, record) for record in rows[:SUBLIST_LENGTH]],
        "has_more": len(rows) > SUBLIST_LENGTH,
        "url": sublist_url(owner, owner_id, name),
    }
