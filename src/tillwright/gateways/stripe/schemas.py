"""What Stripe's API description says of its objects: their fields, and which object each type of event is about."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from tillwright.gateways.stripe.facts import API_VERSION

ANYTHING = "a"
"""The shape of a field whose content the description leaves open."""


@cache
def _tables() -> dict[str, Any]:
    packed = files("tillwright.gateways.stripe").joinpath("schemas.json.gz").read_bytes()
    tables = orjson.loads(gzip.decompress(packed))
    if tables["version"] != API_VERSION:
        raise RuntimeError(f"schemas.json.gz is of API version {tables['version']}, not {API_VERSION}: make it again")
    return tables


def event_types() -> Mapping[str, str | None]:
    """Every event type of the pinned version with the name of the object it is about, None where that is not told."""
    return _tables()["events"]


def shape_of(object_type: str | None) -> str:
    """The shape of an object by the name in its `object` field."""
    name = _tables()["objects"].get(object_type)
    return f"@{name}" if name else ANYTHING


def fields(name: str) -> Mapping[str, str]:
    """A shape's fields, each with its own shape.

    "s" text, "i" whole number, "n" number, "b" true or false, "a" anything, "@x" or "@x|y" an object with the fields
    of those shapes, and "[" before any of them for a list of it.
    """
    return _tables()["shapes"].get(name, {})
