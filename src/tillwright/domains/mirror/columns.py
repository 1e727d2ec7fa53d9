"""What the mirror keeps beside a body, to find it by: taken from the body, by the kind's row."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import orjson

from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS, Kind
from tillwright.kit.clock import from_unix

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the missing time of creation, so that undated objects sort last."""
_LONGEST_WORD = 200
_LATEST = 1 << 37


class Columns(NamedTuple):  # made for each of millions of bodies: in half the time of a frozen class
    """`json` is the body with sorted keys; `digest` is of it; `search` is in lower case, a line a field.

    `parent` is whose object it is, for types that are listed by parents and say so; `held` how many objects it carries
    that are rows of a type of their own (`Kind.inside`), 0 where it carries only the first of them.
    """

    created: datetime
    customer: str | None
    status: str | None
    search: str
    digest: bytes
    json: bytes
    parent: str | None = None
    held: int = 0


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
        search=search_of(object_type, object_id, body),
        digest=hashlib.blake2b(text, digest_size=16).digest(),
        json=text,
        parent=_id(body.get(_PARENTS[object_type])) if object_type in _PARENTS else None,
        held=_held(body.get(HELD[object_type].inside or "")) if object_type in HELD else 0,
    )


def carries_more(object_type: str, body: dict[str, Any]) -> bool:
    """Whether the body carries only the first of the objects inside it."""
    held: Any = body.get(HELD[object_type].inside or "") if object_type in HELD else None
    return isinstance(held, dict) and cast("dict[str, Any]", held).get("has_more") is True


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


def search_of(object_type: str, object_id: str, body: dict[str, Any]) -> str:
    """What the object is searched by: its id, and the words of its kind's row; of an unknown kind the id alone."""
    words = [object_id[:_LONGEST_WORD]]
    plain, inner = _WORDS.get(object_type, _NONE)
    for name in plain:
        if word := _id(body.get(name)):
            words.append(word[:_LONGEST_WORD])
    for outer, names in inner:
        held = body.get(outer)
        if isinstance(held, dict):
            for name in names:
                if word := _id(cast("dict[str, Any]", held).get(name)):
                    words.append(word[:_LONGEST_WORD])
    return "\n".join(words).lower()


def searched_by(object_type: str) -> str:
    """What `search_of` goes by, as a text: where it changes, the rows that are there are looked through again."""
    kind = BY_OBJECT.get(object_type)
    return " ".join(("id", *kind.search)) if kind else "id"


def _held(value: Any) -> int:
    listed = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    rows: Any = listed.get("data")
    return len(cast("list[Any]", rows)) if isinstance(rows, list) and listed.get("has_more") is not True else 0


_Words = tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]
_NONE: _Words = ((), ())


def _words(kind: Kind) -> _Words:
    """The fields of a kind, and those inside others, grouped by these: this runs for each of millions of bodies."""
    inner: dict[str, list[str]] = {}
    for outer, _, name in (field.partition(".") for field in kind.search if "." in field):
        inner.setdefault(outer, []).append(name)
    plain = tuple(field for field in kind.search if "." not in field)
    return plain, tuple((outer, tuple(names)) for outer, names in inner.items())


_WORDS = {kind.object: _words(kind) for kind in KINDS}
_PARENTS = {kind.object: kind.parent_param for kind in KINDS if kind.of}
HELD = {kind.of or "": kind for kind in KINDS if kind.of and kind.inside}
"""By the type that carries them, the kind of the objects it carries."""
