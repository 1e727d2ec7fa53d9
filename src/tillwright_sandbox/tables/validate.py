"""Says whether an answer is what Stripe's OpenAPI page promises, strictly: an unknown field is an error too."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from . import object_name, operations, schema_of_object, schemas


def _standard(schema: dict[str, Any]) -> dict[str, Any]:
    """A table's schema as JSON Schema."""
    if "ref" in schema:
        return {"$ref": f"#/$defs/{schema['ref']}"}
    out: dict[str, Any] = {key: schema[key] for key in ("maxLength", "pattern", "required") if key in schema}
    nullable = schema.get("nullable", False)
    if "type" in schema:
        out["type"] = [schema["type"], "null"] if nullable else schema["type"]
    if "enum" in schema:
        out["enum"] = [*schema["enum"], None] if nullable else schema["enum"]
    if "items" in schema:
        out["items"] = _standard(schema["items"])
    if "anyOf" in schema:
        out["anyOf"] = [_standard(one) for one in schema["anyOf"]] + ([{"type": "null"}] if nullable else [])
    if schema.get("properties"):
        out["properties"] = {name: _standard(one) for name, one in schema["properties"].items()}
        out["additionalProperties"] = False
    if "values" in schema:
        out["additionalProperties"] = _standard(schema["values"])
    return out


@cache
def _definitions() -> dict[str, Any]:
    return {name: _standard(one) for name, one in schemas().items()}


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _definitions()})


@cache
def _answer_validator(operation_id: str) -> Draft202012Validator:
    row = next(row for row in operations() if row["id"] == operation_id)
    return Draft202012Validator(_standard(row["answer"]) | {"$defs": _definitions()})


def _explain(validator: Draft202012Validator, value: Any) -> list[str]:
    return [_told(error) for error in validator.iter_errors(value)]


def _told(error: ValidationError) -> str:
    """Where and what; of a union, the complaint of the variant that came nearest."""
    while error.context:
        error = max(error.context, key=lambda one: (len(one.absolute_path), one.validator != "type"))
    return f"{'.'.join(map(str, error.absolute_path)) or 'answer'}: {error.message[:300]}"


def complaints(value: dict[str, Any], schema_name: str | None = None) -> list[str]:
    """Each way in which `value` breaks its schema: the named one, or the one of its "object"."""
    if schema_name is None and value.get("object") in ("list", "search_result"):
        return [text for one in value["data"] for text in complaints(one)]
    if schema_name is None:
        known = schema_of_object(str(value.get("object")))
        if known is None:
            return [f"no schema for object {value.get('object')!r}"]
        schema_name = known
        if value.get("deleted") is True:
            schema_name = next(n for n in schemas() if n.startswith("deleted_") and object_name(n) == value["object"])
    return _explain(_validator(schema_name), value)


def answer_complaints(operation_id: str, value: Any) -> list[str]:
    """Each way in which an operation's answer breaks the schema the page gives for it."""
    return _explain(_answer_validator(operation_id), value)
