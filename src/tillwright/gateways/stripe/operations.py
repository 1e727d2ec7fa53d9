"""Every operation of Stripe's API at the pinned version: its name, its request, the shapes of its parameters."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import orjson

from tillwright.gateways.stripe.facts import API_VERSION

_IN_PATH = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Args:
        name: such as `stripe.customers.update`.
        path: a template, such as `/v1/customers/{customer}`.
        title: what Stripe calls it; empty for a few.
        answer: the name of the object that comes back; `[]` behind it for a list, empty if it has none.
        params: each parameter's shape: `type`, `enum`, `maxLength`, `properties`, `required`, `items`, `anyOf`, and
            `values` for the shape under any key.
        required: the parameters Stripe's page calls required; it does not say so of all.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    title: str
    answer: str
    params: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]

    @property
    def in_path(self) -> tuple[str, ...]:
        """The names that stand in the path."""
        return tuple(_IN_PATH.findall(self.path))


@lru_cache(maxsize=1)
def operations() -> Mapping[str, Operation]:
    """By name, in alphabetical order."""
    text = gzip.decompress(files("tillwright.gateways.stripe").joinpath("operations.json.gz").read_bytes())
    page = orjson.loads(text)
    if page["version"] != API_VERSION:
        raise RuntimeError(f"operations.json.gz is of API version {page['version']}: generate it again")
    return {
        name: Operation(name, **row | {"required": frozenset(row["required"])})
        for name, row in page["operations"].items()
    }
