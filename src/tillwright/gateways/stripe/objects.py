"""What Stripe's API description says of its objects: where each is listed, whether it can be deleted, its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import orjson

from tillwright.gateways.stripe.facts import API_VERSION

FieldKind = Literal["id", "time", "integer", "number", "boolean", "text", "json"]


@dataclass(frozen=True)
class ListFact:
    """A path at which GET answers with a list; `{}` in it stands for an id.

    `object`: what it lists, several types with `|` between them. `needs`: parameters it must be given; `created`: it
    takes `created[…]`.
    """

    path: str
    object: str
    created: bool
    needs: tuple[str, ...]


@dataclass(frozen=True)
class ObjectFact:
    """`deletes`: Stripe can say that one is deleted. `fields`: each field's kind; `id` is an expandable reference."""

    deletes: bool
    fields: Mapping[str, FieldKind]


@cache
def _page() -> dict[str, Any]:
    page = orjson.loads(files("tillwright.gateways.stripe").joinpath("objects.json").read_bytes())
    if page["version"] != API_VERSION:
        raise RuntimeError(f"objects.json is of API version {page['version']}, not {API_VERSION}: generate it again")
    return page


def lists() -> tuple[ListFact, ...]:
    """Every list there is, those with an id in their path and searches too, by path."""
    return tuple(
        ListFact(path, row["object"], row["created"], tuple(row["needs"])) for path, row in _page()["lists"].items()
    )


def fact_of(object_type: str) -> ObjectFact | None:
    """None for an object that no list has."""
    row = _page()["objects"].get(object_type)
    return ObjectFact(row["deletes"], row["fields"]) if row else None
