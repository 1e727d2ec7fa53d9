"""What a type's list can be asked by: the typed fields of its SQL view, by the same names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import LiteralString, cast

from tillwright.domains.mirror.views.shape import View, views
from tillwright.domains.mirror.views.store import reading_of
from tillwright.gateways.stripe.objects import FieldKind
from tillwright.kit.query import Column, Kind

_KINDS: Mapping[FieldKind, Kind] = {
    "id": "text",
    "text": "text",
    "time": "time",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
}
_METADATA = re.compile(r"metadata\.([A-Za-z0-9_\-]{1,40})")
# What the mirror keeps beside the body, with an index; `created` only for types that have such a time.
_KEPT: Mapping[str, Column] = {
    "id": Column("id"),
    "created": Column("created", "time"),
    "customer": Column("customer"),
    "status": Column("status"),
    "parent": Column("parent"),
}
_ALWAYS = ("id", "customer", "status")


class Askable(Mapping[str, Column]):
    """Columns for `kit.query`; `metadata.<key>` besides, for any key a filter can spell."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Column:
        if name in self._columns:
            return self._columns[name]
        key = _METADATA.fullmatch(name)
        if key is None:
            raise KeyError(name)
        return Column(cast("LiteralString", f"(body->'metadata'->>'{key[1]}')"))  # letters, digits, _ and - only

    def __contains__(self, name: object) -> bool:
        return name in self._columns or (isinstance(name, str) and _METADATA.fullmatch(name) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@cache
def _views() -> Mapping[str, View]:
    return {view.kind.object: view for view in views()}


def view_of(object_type: str) -> View | None:
    """The type's SQL view; None for a type that no list of Stripe's has."""
    return _views().get(object_type)


@cache
def askable(object_type: str) -> Askable:
    """The columns of a type; of an unknown one, what the mirror keeps beside every body."""
    view = view_of(object_type)
    # Rows of other types listed by parents may be of a time when nobody noted whose they are.
    whose = ("parent",) if view and (view.kind.inside or view.kind.nested) else ()
    columns = {name: _KEPT[name] for name in (*_ALWAYS, *whose)}
    for column in view.columns if view else ():
        kind = _KINDS.get(column.kind)
        if kind is None or column.name in ("id", "livemode"):
            continue
        sql = cast("LiteralString", f"({reading_of(column.kind, column.name, 'body')})")  # Stripe's own field names
        columns[column.name] = _KEPT.get(column.name) or Column(sql, kind)
    return Askable(columns)
