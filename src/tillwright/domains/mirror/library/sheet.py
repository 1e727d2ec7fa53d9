"""An object as a line of a CSV file, for people and the spreadsheets they open it in. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from tillwright.domains.mirror.views.shape import View
from tillwright.gateways.stripe.objects import FieldKind
from tillwright.kit import money

MAJOR = "_major"
"""Behind the name of an amount: the same in major units, exact, with the currency's own decimals."""
_AMOUNTS = frozenset(
    {
        "balance", "ending_balance", "fee", "net", "starting_balance", "subtotal", "subtotal_excluding_tax", "total",
        "total_excluding_tax",
    }
)  # fmt: skip
# A text that begins so is a formula to a spreadsheet; the wide forms too, and a line break that hides one.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_TYPED: frozenset[FieldKind] = frozenset({"integer", "number", "boolean", "time"})


@dataclass(frozen=True)
class Sheet:
    """`columns` as (name, kind), in order; `amounts` are those that have a second column in major units."""

    columns: Sequence[tuple[str, FieldKind]]
    amounts: frozenset[str]

    @property
    def header(self) -> Sequence[str]:
        names: list[str] = []
        for name, _ in self.columns:
            names.append(name)
            if name in self.amounts:
                names.append(name + MAJOR)
        return names

    def cells(self, row: Mapping[str, Any]) -> Sequence[str]:
        """The line's cells, each harmless to a spreadsheet; empty where there is nothing."""
        cells: list[str] = []
        currency = row.get("currency")
        for name, kind in self.columns:
            value = row[name]
            cells.append(cell(value, kind))
            if name in self.amounts:
                told = currency if isinstance(value, int) and isinstance(currency, str) else ""
                cells.append(f"{money.to_major(value, told):f}" if told else "")
        return cells


def sheet_of(view: View | None) -> Sheet:
    """The columns of a view; of a type without one, its id and the object itself."""
    if view is None:
        plain: Sequence[tuple[str, FieldKind]] = [("id", "text"), ("livemode", "boolean"), ("_body", "json")]
        return Sheet(plain, frozenset())
    columns: Sequence[tuple[str, FieldKind]] = [(column.name, column.kind) for column in view.columns]
    named = {name for name, _ in columns}
    amounts = {name for name, kind in columns if kind == "integer" and ("amount" in name or name in _AMOUNTS)}
    return Sheet(columns, frozenset(amounts) if "currency" in named else frozenset())


def cell(value: Any, kind: FieldKind) -> str:
    """One value as text. What Stripe or its customers wrote can't become a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if kind in _TYPED:
        return f"{value:f}" if kind == "number" else str(value)
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return "'" + text if text[:1] in _FORMULA else text


def lines(rows: Sequence[Sequence[str]]) -> bytes:
    """Cells as CSV (RFC 4180): UTF-8, commas, CRLF, quoted where needed."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
