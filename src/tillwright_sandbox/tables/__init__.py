"""What Stripe's OpenAPI page says, read once: operations, schemas, event types, API versions."""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources
from typing import Any

import orjson

Schema = dict[str, Any]


def _read(name: str) -> Any:
    return orjson.loads(gzip.decompress(resources.files(__name__).joinpath(name).read_bytes()))


@cache
def operations() -> list[dict[str, Any]]:
    """One row an operation: id, method, path, params (an object schema), upload, media, answer (a schema)."""
    return _read("operations.json.gz")


@cache
def schemas() -> dict[str, Schema]:
    return _read("schemas.json.gz")


@cache
def facts() -> dict[str, Any]:
    """{"version": the page's, "versions": all known API versions, "event_types": [...]}"""
    return _read("facts.json.gz")


@cache
def event_types() -> frozenset[str]:
    return frozenset(facts()["event_types"])


def schema(name: str) -> Schema:
    return schemas()[name]


def resolve(schema: Schema) -> Schema:
    """Follows "ref"; an anyOf of one (Stripe's way to make a reference nullable) is that one."""
    while True:
        if "ref" in schema:
            schema = schemas()[schema["ref"]]
        elif len(schema.get("anyOf", ())) == 1:
            schema = schema["anyOf"][0]
        else:
            return schema


def object_name(schema_name: str) -> str:
    """The value of "object" in objects of a schema; some few schemas have none and go by their own name."""
    values = schemas()[schema_name].get("properties", {}).get("object", {}).get("enum")
    return values[0] if values else schema_name


@cache
def resource_names(schema_name: str) -> tuple[str, ...]:
    """A schema that stands for several resources (payment_source) gives each of them."""
    union = schemas()[schema_name].get("anyOf")
    if not union:
        return (schema_name,)
    return tuple(name for one in union for name in resource_names(one["ref"]))


@cache
def _by_object() -> dict[str, str]:
    return {
        object_name(name): name
        for name, one in schemas().items()
        if "resource" in one and "properties" in one and not name.startswith("deleted_")
    }


def schema_of_object(object: str) -> str | None:
    """The schema's name for a value of "object"; None for what the page does not know."""
    return _by_object().get(object)
