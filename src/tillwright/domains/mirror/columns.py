"""What the mirror keeps beside a body, to find it by: taken from the body, by the kind's row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.kit.clock import from_unix

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the missing time of creation, so that undated objects sort last."""
_LONGEST_WORD = 200
_LATEST = 1 << 37


@dataclass(frozen=True, slots=True)
class Columns:
    """`json` is the body with sorted keys; `digest` is of it; `search` is in lower case, a line a field."""

    created: datetime
    customer: str | None
    status: str | None
    search: str | None
    digest: bytes
    json: bytes


def columns_of(object_type: str, object_id: str, body: dict[str, Any]) -> Columns:
    """Everything the table wants to know of a body."""
    text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    if b"\\u0000" in text:  # PostgreSQL's JSON holds every character but this one; the raw event still has it
        body = cast("dict[str, Any]", _without_nul(body))
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return Columns(
        created=_created(body.get("created")),
        customer=_id(body.get("customer")),
        status=_status(body),
        search=_search(object_type, object_id, body),
        digest=hashlib.blake2b(text, digest_size=16).digest(),
        json=text,
    )


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in cast("list[Any]", value)]
    return value


def _created(value: Any) -> datetime:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST
    return from_unix(value) if usable else UNDATED


def _id(value: Any) -> str | None:
    """An expandable field is an id or the object itself."""
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("id")
    return value if isinstance(value, str) and value else None


def _status(body: dict[str, Any]) -> str | None:
    status: Any = body.get("status")
    if isinstance(status, str):
        return status
    for name, no, yes in (("active", "inactive", "active"), ("valid", "invalid", "valid")):
        if isinstance(body.get(name), bool):
            return yes if body[name] else no
    return None


def _search(object_type: str, object_id: str, body: dict[str, Any]) -> str | None:
    kind = BY_OBJECT.get(object_type)
    if kind is None:
        return None
    words = [object_id[:_LONGEST_WORD]]
    for name in kind.search:
        if word := _id(body.get(name)):
            words.append(word[:_LONGEST_WORD])
    return "\n".join(words).lower()
