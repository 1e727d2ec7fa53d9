"""What Stripe's API description says of a path: its template, whether it takes metadata, how it is listed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import orjson

API_VERSION = "2026-08-26.dahlia"  # the version of facts.json, pinned on every request
_MARK = ""  # the key of a template's letters in the tree of segments


@dataclass(frozen=True)
class Listing:
    """A path that GET lists; `by_created`: it can be narrowed by time of creation."""

    path: str
    by_created: bool


@cache
def _tree() -> dict[str, Any]:
    page = orjson.loads(files("tillwright.gateways.stripe").joinpath("facts.json").read_bytes())
    if page["version"] != API_VERSION:
        raise RuntimeError(f"facts.json is of API version {page['version']}, not {API_VERSION}: generate it again")
    root: dict[str, Any] = {}
    for template, letters in page["paths"].items():
        node = root
        for part in template.strip("/").split("/"):
            node = node.setdefault(part, {})
        node[_MARK] = (template, letters)
    return root


def _find(node: dict[str, Any], parts: list[str]) -> tuple[str, str] | None:
    if not parts:
        return node.get(_MARK)
    for name in (parts[0], "{}"):
        if name in node:
            found = _find(node[name], parts[1:])
            if found is not None:
                return found
    return None


@lru_cache(maxsize=4096)
def _look_up(path: str) -> tuple[str, str] | None:
    return _find(_tree(), path.strip("/").split("/"))


def template_of(path: str) -> str:
    """The path with `{}` for each id: `/v1/customers/{}`. An unknown path keeps its first two segments."""
    found = _look_up(path)
    return found[0] if found else "/".join(path.split("/")[:3])


def known(path: str) -> bool:
    """Whether the pinned API version has this path."""
    return _look_up(path) is not None


def takes_metadata(method: str, path: str) -> bool:
    """Whether the request may carry `metadata`, and so our operation id."""
    found = _look_up(path)
    return method == "POST" and found is not None and "m" in found[1]


def listing_of(path: str) -> Listing | None:
    """How the objects made by a POST to this path are listed; None where they are not."""
    found = _look_up(path)
    if found is None or "l" not in found[1]:
        return None
    return Listing(path, "c" in found[1])
