"""A request's parameters checked and typed by its operation's schema, refused as Stripe refuses them."""

from __future__ import annotations

import re
from typing import Any

from .errors import StripeError, invalid, missing_param
from .form import Appended
from .tables import Schema

INTEGER = re.compile(r"[+-]?\d{1,18}\Z")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500


def check(schema: Schema, raw: dict[str, Any]) -> dict[str, Any]:
    """Typed parameters. Raises parameter_unknown, parameter_missing, parameter_invalid_… (400), with its name."""
    return _hash(schema, raw, "")


def _at(place: str, name: str) -> str:
    return f"{place}[{name}]" if place else name


def _hash(schema: Schema, raw: dict[str, Any], place: str) -> dict[str, Any]:
    properties = schema.get("properties", {})
    unknown = [_at(place, name) for name in raw if name not in properties]
    if unknown:
        word = "parameter" if len(unknown) == 1 else "parameters"
        text = f"Received unknown {word}: {', '.join(unknown)}"
        raise invalid(text, unknown[0], "parameter_unknown")
    required = schema.get("required", ())
    out = {}
    for name, value in raw.items():
        inner = properties[name]
        if value == "" and name in required and not _allows_empty(inner):
            raise _empty(_at(place, name))
        out[name] = typed(inner, value, _at(place, name), name)
    for name in required:
        if name not in raw:
            raise missing_param(_at(place, name))
    return out


def typed(schema: Schema, value: Any, place: str, name: str = "") -> Any:
    """One value, typed; `place` is its full name, for errors."""
    if "anyOf" in schema:
        return _choice(schema["anyOf"], value, place, name)
    kind = schema.get("type")
    if schema.get("format") == "binary" and isinstance(value, dict) and "content" in value:
        return value  # an uploaded file
    if kind == "object":
        return _object(schema, value, place, name)
    if kind == "array":
        return _array(schema, value, place)
    if isinstance(value, (dict, list)):
        raise invalid(f"Invalid {kind}: {place} takes a single value.", place)
    if kind == "string":
        return _string(schema, value, place)
    if value == "":
        raise _empty(place)
    if kind == "integer":
        if not INTEGER.match(value):
            raise invalid(f"Invalid integer: {value[:100]}", place, "parameter_invalid_integer")
        return int(value)
    if kind == "number":
        if not NUMBER.match(value):
            raise invalid(f"Invalid decimal: {value[:100]}", place)
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "boolean":
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value[:100]}", place)
        return value == "true"
    return value


def _choice(options: list[Schema], value: Any, place: str, name: str) -> Any:
    """The first variant that takes the value; if none does, the complaint of the variant that came nearest."""
    if value == "" and any(one.get("enum") == [""] for one in options):
        return ""
    wanted = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "scalar"
    if wanted == "object" and all(part.isdigit() for part in value):
        wanted = "array"
    nearest: StripeError | None = None
    for one in sorted(options, key=lambda one: _sort_of(one) != wanted):
        if one.get("enum") == [""]:
            continue
        try:
            return typed(one, value, place, name)
        except StripeError as error:
            nearest = nearest or error
    if nearest is None:
        raise invalid(f"Invalid value for {place}.", place)
    raise nearest


def _sort_of(schema: Schema) -> str:
    kind = schema.get("type")
    return str(kind) if kind in ("object", "array") else "scalar"


def _object(schema: Schema, value: Any, place: str, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid("Invalid object", place)
    if schema.get("properties"):
        return _hash(schema, value, place)
    if "values" not in schema:
        return value
    out = {key: typed(schema["values"], one, _at(place, key)) for key, one in value.items()}
    if name == "metadata":
        _check_metadata(out, place)
    return out


def _check_metadata(values: dict[str, Any], place: str) -> None:
    if len(values) > METADATA_KEYS:
        raise invalid(f"Metadata can have up to {METADATA_KEYS} keys, but you passed in {len(values)} keys.", place)
    for key, value in values.items():
        if len(key) > METADATA_KEY_LENGTH:
            text = f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters, but you passed in a key that is "
            raise invalid(f"{text}{len(key)} characters. Invalid key: {key}", place)
        if isinstance(value, str) and len(value) > METADATA_VALUE_LENGTH:
            text = f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters, but you passed in a value that"
            raise invalid(f"{text} is {len(value)} characters. Invalid value: {value}", _at(place, key))


def _array(schema: Schema, value: Any, place: str) -> list[Any]:
    if isinstance(value, Appended):
        rows = list(value)
    elif isinstance(value, dict) and value and all(key.isdigit() for key in value):
        rows = [value[key] for key in sorted(value, key=int)]
    else:
        raise invalid("Invalid array", place)
    return [typed(schema["items"], one, f"{place}[{index}]") for index, one in enumerate(rows)]


def _string(schema: Schema, value: Any, place: str) -> Any:
    words = schema.get("enum")
    if words is not None and value not in words:
        if value == "":
            raise _empty(place)
        listed = _either([str(word) for word in words if word != ""])
        raise invalid(f"Invalid {place}: must be one of {listed}", place)
    longest = schema.get("maxLength")
    if longest is not None and isinstance(value, str) and len(value) > longest:
        shown = f"{value[:5]}...{value[-5:]}"
        raise invalid(f"Invalid string: {shown}; must be at most {longest} characters", place)
    if schema.get("format") == "decimal" and value != "" and not NUMBER.match(value):
        raise invalid(f"Invalid decimal: {value[:100]}", place, "parameter_invalid_decimal")
    return value


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"


def _allows_empty(schema: Schema) -> bool:
    options = schema.get("anyOf", [schema])
    return any("" in one.get("enum", ()) for one in options)


def _empty(place: str) -> StripeError:
    text = (
        f"You passed an empty string for '{place}'. We assume empty values are an attempt to unset a field; however "
        f"'{place}' cannot be unset. You should remove '{place}' from your request or supply a non-empty value."
    )
    return invalid(text, place, "parameter_invalid_empty")


def check_metadata_total(metadata: dict[str, str]) -> None:
    """After a merge an object must not hold more than 50 keys."""
    if len(metadata) > METADATA_KEYS:
        text = f"Metadata can have up to {METADATA_KEYS} keys, but the object would have {len(metadata)}."
        raise invalid(text, "metadata")
