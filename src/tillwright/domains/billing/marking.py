"""Puts our operation id on what a request writes, so that the object can be found again: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tillwright.gateways.stripe import facts
from tillwright.kit.errors import Invalid

# Two names, so that a later change of an object does not wipe the mark of the request that made it.
MADE_BY = "tillwright_operation"
CHANGED_BY = "tillwright_change"


def creates(method: str, path: str) -> bool:
    """Whether the request makes an object of the collection it is sent to."""
    return method == "POST" and facts.listing_of(path) is not None


def mark_name(method: str, path: str) -> str | None:
    """The metadata key our mark goes under; None where the request takes no metadata."""
    if not facts.takes_metadata(method, path):
        return None
    return MADE_BY if creates(method, path) else CHANGED_BY


def marked(method: str, path: str, params: Mapping[str, Any], effect_id: str) -> dict[str, Any]:
    """The parameters with our mark, if the request can carry it.

    Raises:
        Invalid: `metadata` holds a name that is ours, or is no mapping.
    """
    name = mark_name(method, path)
    given: Any = params.get("metadata")
    metadata = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    for reserved in (MADE_BY, CHANGED_BY):
        if reserved in metadata:
            raise Invalid("metadata_reserved", f"{reserved} is Tillwright's own.", field=f"metadata.{reserved}")
    if name is None:
        return dict(params)
    if given not in (None, "") and not isinstance(given, dict):
        raise Invalid("metadata_malformed", "metadata is a mapping of names to texts.", field="metadata")
    return {**params, "metadata": {**metadata, name: effect_id}}


def is_marked(obj: Mapping[str, Any], name: str, effect_id: str) -> bool:
    """Whether an object carries the mark."""
    metadata: dict[str, Any] = obj.get("metadata") or {}
    return metadata.get(name) == effect_id
