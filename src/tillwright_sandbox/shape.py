"""Values that fit a schema of the page: defaults for what nobody gave, and given values bent into place."""

from __future__ import annotations

import re
from typing import Any

from .tables import Schema, object_name, resolve

MISFIT = object()
# Where a schema asks for one of several words, the one a new object starts with.
FIRST_WORDS = (
    "none",
    "active",
    "open",
    "pending",
    "draft",
    "requires_payment_method",
    "requires_input",
    "created",
    "new",
    "processing",
    "default",
    "unspecified",
    "card",
    "automatic",
    "manual",
    "payment",
    "standard",
    "usd",
    "account",
    "self",
)
INTEGER = re.compile(r"-?\d{1,18}\Z")


def is_list(schema: Schema) -> bool:
    """A sub-list: {"object": "list", "data": [...], "has_more", "url"}."""
    properties = schema.get("properties", {})
    return properties.get("object", {}).get("enum") == ["list"] and "data" in properties


def starting_word(words: list[Any]) -> Any:
    return next((word for word in FIRST_WORDS if word in words), words[0])


def default(schema: Schema, now: int, depth: int = 0) -> Any:
    """The plainest value that is valid: null where allowed, else empty, zero, false, or the first of the words."""
    if schema.get("nullable"):
        return None
    schema = resolve(schema)
    if schema.get("nullable"):
        return None
    if "anyOf" in schema:
        return default(schema["anyOf"][0], now, depth)
    if "enum" in schema:
        return starting_word(schema["enum"])
    kind = schema.get("type")
    if kind == "string":
        return {"decimal": "0", "currency": "usd"}.get(schema.get("format", ""), "")
    if kind == "integer":
        return now if schema.get("format") == "unix-time" else 0
    if kind == "number":
        return 0
    if kind == "boolean":
        return False
    if kind == "array":
        return []
    if is_list(schema):
        return {"object": "list", "data": [], "has_more": False, "url": "/v1"}
    return fill(schema, {}, now, depth + 1)


def fill(schema: Schema, values: dict[str, Any], now: int, depth: int = 0) -> dict[str, Any]:
    """An object of a schema: the values that fit, defaults for what is required, null for what may be null."""
    if depth > 12:
        return {}
    if "values" in schema and not schema.get("properties"):
        return {name: one for name, one in values.items() if one not in ("", None)}
    if not schema.get("properties"):
        return dict(values)
    required = set(schema.get("required", ()))
    out: dict[str, Any] = {}
    for name, inner in schema["properties"].items():
        given = fit(inner, values[name], now, depth) if name in values else MISFIT
        if given is not MISFIT:
            out[name] = given
        elif name in required or (name == "metadata" and "values" in resolve(inner)):
            out[name] = default(inner, now, depth)
        elif nullable(inner) and not is_list(resolve(inner)):
            out[name] = None
    return out


def nullable(schema: Schema) -> bool:
    return bool(schema.get("nullable") or resolve(schema).get("nullable"))


def fit(schema: Schema, value: Any, now: int, depth: int = 0) -> Any:
    """`value` in the schema's shape, or MISFIT. An empty string unsets; an id may stand for an object."""
    if value is None or value == "":
        return _unset(schema, value)
    if "expands" in schema:
        return _identity(value)
    resolved = resolve(schema)
    if "resource" in resolved and isinstance(value, str):
        return value
    if "anyOf" in resolved:
        found = (fit(one, value, now, depth) for one in resolved["anyOf"])
        return next((one for one in found if one is not MISFIT), MISFIT)
    if "enum" in resolved:
        return value if value in resolved["enum"] else MISFIT
    return _fit_kind(resolved, value, now, depth)


def _identity(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("id", MISFIT)
    return value if isinstance(value, str) else MISFIT


def _unset(schema: Schema, value: Any) -> Any:
    if nullable(schema):
        return None
    resolved = resolve(schema)
    if "values" in resolved:
        return {}
    if resolved.get("type") == "array":
        return []
    if value == "" and resolved.get("type") == "string" and "enum" not in resolved:
        return ""
    return MISFIT


def _fit_kind(schema: Schema, value: Any, now: int, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "string":
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return MISFIT
        return str(value)
    if kind == "integer":
        if isinstance(value, str) and INTEGER.match(value):
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else MISFIT
    if kind == "number":
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else MISFIT
    if kind == "boolean":
        return value if isinstance(value, bool) else MISFIT
    if kind == "array":
        if not isinstance(value, list):
            return MISFIT
        fitted = [fit(schema["items"], one, now, depth) for one in value]
        return MISFIT if any(one is MISFIT for one in fitted) else fitted
    if not isinstance(value, dict):
        return MISFIT
    if is_list(schema):
        return value if "data" in value else MISFIT
    return fill(schema, value, now, depth + 1)


def merge(schema: Schema, obj: dict[str, Any], changes: dict[str, Any], now: int) -> None:
    """Puts changes into an object in place: metadata key by key, nested objects field by field, the rest replaced."""
    properties = schema.get("properties", {})
    for name, value in changes.items():
        inner = properties.get(name)
        if name == "metadata":
            obj[name] = merge_metadata(obj.get(name) or {}, value)
        elif inner is None:
            continue
        elif isinstance(value, dict) and isinstance(obj.get(name), dict) and resolve(inner).get("properties"):
            merge(resolve(inner), obj[name], value, now)
        else:
            fitted = fit(inner, value, now)
            if fitted is not MISFIT:
                obj[name] = fitted


def merge_metadata(old: dict[str, str], changes: Any) -> dict[str, str]:
    """Stripe's merge: a key with an empty value is taken out, an empty string (or null) for all clears all."""
    if not isinstance(changes, dict):
        return {}
    merged = old | changes
    return {key: value for key, value in merged.items() if value not in ("", None)}


def names_of_items(schema: Schema) -> tuple[str, ...]:
    """The schema names a sub-list's rows may have."""
    rows = resolve(schema)["properties"]["data"]["items"]
    options = rows.get("anyOf", [rows])
    return tuple(one["ref"] for one in options if "ref" in one)


def objects_of_items(schema: Schema) -> tuple[str, ...]:
    return tuple(object_name(name) for name in names_of_items(schema))
