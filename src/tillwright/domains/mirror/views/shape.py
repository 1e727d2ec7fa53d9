"""Which columns each view has, and of which type: pure, from the kinds and from what Stripe says of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tillwright.domains.mirror.kinds import KINDS, Kind
from tillwright.gateways.stripe import objects
from tillwright.gateways.stripe.objects import FieldKind

TYPES: dict[FieldKind, str] = {
    "id": "text",
    "time": "timestamptz",
    "integer": "bigint",
    "number": "numeric",
    "boolean": "boolean",
    "text": "text",
    "json": "jsonb",
}
"""A field's kind as PostgreSQL's type. Amounts are integers in minor units, times are UTC."""
OURS = (("_account", "text"), ("_seen", "timestamptz"), ("_body", "jsonb"))
"""Columns of our own: whose account, when the copy was last confirmed, and the object as Stripe sent it."""


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is Stripe's name of the field, or one of ours with an underscore before it."""

    name: str
    kind: FieldKind

    @property
    def type(self) -> str:
        return TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class View:
    """A kind's view; `inside` is set where the parents' bodies carry most of its rows."""

    name: str
    kind: Kind
    columns: tuple[Column, ...]


def views() -> tuple[View, ...]:
    """A view a kind, in the order of the kinds."""
    return tuple(View(kind.view, kind, _columns(kind)) for kind in KINDS)


def _columns(kind: Kind) -> tuple[Column, ...]:
    fact = objects.fact_of(kind.object)
    fields: Mapping[str, FieldKind] = fact.fields if fact else {}
    first = [Column("id", "text"), Column("livemode", "boolean")]
    rest = (
        Column(name, "time" if name == "created" else of)
        for name, of in fields.items()
        if name not in ("id", "livemode", "object")
    )
    return (*first, *sorted(rest, key=lambda column: (column.name != "created", column.name)))
