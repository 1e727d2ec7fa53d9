"""One page of a longer list, and the opaque cursor to the next."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import orjson

from tillwright.kit.errors import Invalid

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Items in order; `next_cursor` is None at the end; `total` only where it was counted."""

    items: Sequence[Item]
    next_cursor: str | None = None
    total: int | None = None


def page_of(found: Sequence[Item], limit: int, place: Callable[[Item], Sequence[Any]]) -> Page[Item]:
    """The first `limit` of what was found, and the cursor behind them if one more was found: so ask for `limit` + 1.

    Args:
        place: the values that `decode_cursor` gives back for the last item shown.
    """
    shown = found[:limit]
    return Page(shown, encode_cursor(*place(shown[-1])) if len(found) > limit and shown else None)


def encode_cursor(*values: Any) -> str:
    """The sort values of the last row, as an opaque text."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, size: int) -> list[Any]:
    """The `size` values that `encode_cursor` packed.

    Raises:
        Invalid: the text is no cursor of this list.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(cast(list[Any], values)) != size:
        raise no_cursor_of_this_list()
    return cast(list[Any], values)


def no_cursor_of_this_list() -> Invalid:
    """Also for a list whose cursor unpacks, but holds what is no place in it."""
    return Invalid(
        "cursor_invalid",
        "This page cursor is not one of this list.",
        field="cursor",
        remedy="Start again from the first page, without a cursor.",
    )
