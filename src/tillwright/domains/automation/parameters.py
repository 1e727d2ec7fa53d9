"""The shape of a parameter of Stripe's API: what does not fit it, and the same as JSON Schema. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tillwright.domains.automation.shapes import is_list, is_map

Shape = Mapping[str, Any]
Complaint = tuple[str, str]
"""Where inside the value (`items[0].price`, empty for all of it), and the rest of a sentence about it."""

_EXPRESSION = {"type": "string", "pattern": r"\$\{"}
_KINDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text"}
_NAMES = {"array": "a list", "object": "a map"}


def complaints(shape: Shape, value: Any, where: str = "") -> Iterator[Complaint]:
    """Everything in a value that does not fit; a text with `${` in it is not known yet and fits anything."""
    if isinstance(value, str) and "${" in value:
        return
    if "anyOf" in shape:
        yield from _of_nearest(shape["anyOf"], value, where)
    elif shape.get("type") == "object" or "properties" in shape or "values" in shape:
        yield from _of_map(shape, value, where)
    elif shape.get("type") == "array":
        if is_list(value):
            for index, item in enumerate(value):
                yield from complaints(shape.get("items", {}), item, f"{where}[{index}]")
        else:
            yield where, "must be a list"
    elif reason := _of_plain(shape, value):
        yield where, reason


def _of_nearest(choices: list[Shape], value: Any, where: str) -> Iterator[Complaint]:
    tried = [list(complaints(choice, value, where)) for choice in choices]
    if [] in tried:
        return
    same = [found for choice, found in zip(choices, tried, strict=True) if is_map(value) == _is_a_map(choice)]
    yield from min(same or tried, key=len)


def _is_a_map(shape: Shape) -> bool:
    return shape.get("type") == "object" or "properties" in shape


def _of_map(shape: Shape, value: Any, where: str) -> Iterator[Complaint]:
    if not is_map(value):
        yield where, "must be a map"
        return
    known: Mapping[str, Shape] = shape.get("properties", {})
    for key, inner in value.items():
        place = f"{where}.{key}" if where else key
        if key in known:
            yield from complaints(known[key], inner, place)
        elif "values" in shape:
            # What is free to be named, such as metadata, takes any plain value as its text.
            if shape["values"].get("type") != "string" or is_map(inner) or is_list(inner):
                yield from complaints(shape["values"], inner, place)
        elif known:
            yield place, f"is no parameter here; known: {', '.join(known)}"
    for key in shape.get("required", ()):
        if value.get(key) is None:
            yield (f"{where}.{key}" if where else key), "is needed"


def _of_plain(shape: Shape, value: Any) -> str | None:
    kind = shape.get("type")
    if kind == "boolean":
        fits = isinstance(value, bool)
    elif kind == "integer":
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif kind == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "string" and "format" in shape and shape["format"] == "decimal":
        fits = isinstance(value, str | int | float) and not isinstance(value, bool)
    else:
        fits = kind != "string" or isinstance(value, str)
    if not fits:
        return f"must be {_KINDS[str(kind)]}"
    if "enum" in shape and value not in shape["enum"]:
        return f"is {value!r}; one of {', '.join(str(one) or 'nothing' for one in shape['enum'])} is needed"
    if "maxLength" in shape and isinstance(value, str) and len(value) > shape["maxLength"]:
        return f"has {len(value)} characters; at most {shape['maxLength']} are allowed"
    return None


def kind_of(shape: Shape) -> str:
    """For people: `text`, `whole number`, `list of maps`."""
    if "anyOf" in shape:
        kinds = [kind_of(choice) for choice in shape["anyOf"] if choice.get("enum") != [""]]
        return " or ".join(dict.fromkeys(kinds))
    if shape.get("type") == "array":
        inner = kind_of(shape.get("items", {}))
        return f"list of {inner}s"
    if shape.get("format") == "unix-time":
        return "unix seconds"
    names = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
    return names.get(str(shape.get("type")), "map")


def schema(shape: Shape) -> dict[str, Any]:
    """As JSON Schema; an expression is allowed in place of any value."""
    if "anyOf" in shape:
        return {"anyOf": [*(schema(choice) for choice in shape["anyOf"]), _EXPRESSION]}
    made: dict[str, Any] = {key: shape[key] for key in ("type", "enum", "maxLength") if key in shape}
    if shape.get("type") == "array":
        made["items"] = schema(shape.get("items", {}))
    if "properties" in shape:
        made["properties"] = {name: schema(inner) for name, inner in shape["properties"].items()}
        made["additionalProperties"] = False
    if "values" in shape:
        free = shape["values"].get("type") == "string"
        made["additionalProperties"] = {"type": ["string", "number", "boolean"]} if free else schema(shape["values"])
    if shape.get("required"):
        made["required"] = list(shape["required"])
    return {"anyOf": [made, _EXPRESSION]} if made else {}
