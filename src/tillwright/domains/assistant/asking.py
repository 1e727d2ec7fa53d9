"""One question being answered: reads from the source, notes what was read, and shows objects safely."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.kinds import KINDS, Field, Kind, identity, pick
from tillwright.domains.assistant.model import Answer, Coverage, Outcome
from tillwright.domains.assistant.source import Rows, Source, Span
from tillwright.gateways.stripe.errors import PermissionMissing
from tillwright.kit import ids
from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid
from tillwright.kit.pages import decode_cursor, encode_cursor

MOST_BYTES = 60_000
"""What the items of one answer may weigh, as JSON; what is left out is behind the cursor."""
MOST_ITEMS = 100
Object = dict[str, Any]


@dataclass(frozen=True)
class _Page:
    rows: Sequence[Object]
    show: Callable[[Object], Mapping[str, Any]]


class Asking:
    """`arguments` are checked; `personal`: the user allows names, addresses and card digits to be shown."""

    def __init__(
        self, tool: str, arguments: Mapping[str, Any], source: Source, *, now: datetime, personal: bool
    ) -> None:
        self.tool = tool
        self.arguments = arguments
        self.source = source
        self.now = now
        self._personal = personal
        self._notes: list[str] = []
        self._missed: set[str] = set()
        self._complete = True
        self._read = 0
        self._as_of = now
        self._ids: list[str] = []
        self._page = _Page([], dict)

    # --- reading -------------------------------------------------------------------------------------------------

    async def rows(self, name: str, *, customer: str | None = None, span: Span | None = None) -> list[Object]:
        """Every object of a kind; what could not be read is noted in the answer."""
        return self._took(await self.source.rows(KINDS[name], customer=customer, span=span))

    async def related(self, path: str, params: Mapping[str, Any]) -> list[Object]:
        rows = await self.source.related(path, params)
        if rows.gap:
            self._missed.add(path)
        return self._took(rows)

    async def one(self, name: str, object_id: str) -> Object | None:
        found = await self.source.one(KINDS[name], object_id)
        self._read += found is not None
        return found

    async def beside(self, name: str, object_id: str) -> Object | None:
        """An object that the answer can do without: that it may not be read is noted, and told by `missed`."""
        try:
            return await self.one(name, object_id)
        except PermissionMissing:
            self._missed.add(name)
            self.note(f"{KINDS[name].title}: not permitted to the platform's key", complete=False)
            return None

    def missed(self, name: str) -> bool:
        """Whether an object of this kind, or a related list by its path, was asked for and not read, or not whole."""
        return name in self._missed

    def _took(self, rows: Rows) -> list[Object]:
        self._read += len(rows.items)
        self._as_of = min(self._as_of, rows.read)
        if rows.gap:
            self.note(rows.gap, complete=False)
        return rows.items

    def note(self, sentence: str, *, complete: bool = True) -> None:
        """Say something of what was looked at; `complete` False: something that matters was not."""
        if sentence not in self._notes:
            self._notes.append(sentence)
        self._complete = self._complete and complete

    # --- showing -------------------------------------------------------------------------------------------------

    def link(self, kind: Kind, object_id: str) -> str:
        """The object's page in Stripe's Dashboard."""
        mode = "" if self.source.livemode else "test/"
        return f"https://dashboard.stripe.com/{self.source.account_id}/{mode}{kind.page}/{object_id}"

    def cite(self, name: str, object_id: str | None) -> dict[str, str] | None:
        """An id with its link."""
        return {"id": object_id, "link": self.link(KINDS[name], object_id)} if object_id else None

    def show(self, name: str, obj: Object) -> Object:
        """An object as an answer shows it."""
        kind = KINDS[name]
        shown: Object = {"id": obj.get("id"), "object": kind.object, "link": self.link(kind, str(obj.get("id")))}
        if obj.get("deleted"):
            return shown | {"deleted": True}
        for field in kind.fields:
            value = self._field(field, pick(obj, field.at), obj)
            if value is not None:
                shown[field.name] = value
        return shown

    def _field(self, field: Field, value: Any, obj: Object) -> Any:
        if value is None:
            return None
        if field.kind == "id":
            return identity(value)
        if field.kind == "time":
            return when(value)
        if field.kind == "money":
            return shield.amount(value, obj.get("currency"))
        if field.kind == "outside":
            # Many write the customer's name there once more.
            same = not self._personal and value == obj.get("name") and field.name != "name"
            return (
                shield.personal("name", value, allowed=False) if same else shield.outside(value, allowed=self._personal)
            )
        if field.kind in ("name", "email", "phone", "last4"):
            return shield.personal(field.kind, value, allowed=self._personal)
        if field.kind == "integer" or field.kind == "flag":
            return value if isinstance(value, int) else None
        return _word(value)

    def person(self, obj: Object | None) -> Any:
        """How a customer is called in an answer."""
        if not obj or obj.get("deleted"):
            return "deleted customer" if obj else None
        for kind in ("name", "email"):
            if isinstance(obj.get(kind), str) and obj[kind].strip():
                return shield.personal(kind, obj[kind], allowed=self._personal)
        return None

    def lay_out(self, rows: Sequence[Object], show: Callable[[Object], Mapping[str, Any]]) -> None:
        """The rows the answer's items are a page of, in their order."""
        self._page = _Page(rows, show)

    def answer(self, result: Outcome) -> Answer:
        """Put it together, cut to size."""
        digest = ids.digest(self.tool, self.source.account_id, _said(self.arguments))
        start = self._start(digest)
        limit = max(1, min(MOST_ITEMS, int(self.arguments.get("limit") or 20)))
        items: list[Mapping[str, Any]] = []
        weight = 0
        for row in self._page.rows[start : start + limit]:
            item = self._page.show(row)
            weight += len(orjson.dumps(item))
            if items and weight > MOST_BYTES:
                self.note("The answer was cut to size; go on with next_cursor.")
                break
            items.append(item)
        total, reached = len(self._page.rows), start + len(items)
        return Answer(
            tool=self.tool,
            account_id=self.source.account_id,
            account_name=self.source.account_name,
            mode="live" if self.source.livemode else "test",
            via=self.source.via,
            as_of=self._as_of,
            result=result,
            items=items,
            total=total,
            next_cursor=encode_cursor(reached, digest) if reached < total else None,
            coverage=Coverage(
                self._complete, self._read, sum(self.source.calls.values()), dict(self.source.calls), list(self._notes)
            ),
            ids=[str(item["id"]) for item in items if item.get("id")],
        )

    def _start(self, digest: str) -> int:
        cursor = self.arguments.get("cursor")
        if not cursor:
            return 0
        start, made_for = decode_cursor(str(cursor), 2)
        if made_for != digest or not isinstance(start, int) or start < 0:
            raise Invalid(
                "cursor_invalid",
                "This cursor belongs to another question.",
                field="cursor",
                remedy="Ask again without it, or with the very arguments it came from.",
            )
        return start


def _said(arguments: Mapping[str, Any]) -> str:
    kept = {name: str(value) for name, value in arguments.items() if name not in ("cursor", "limit")}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()


def _word(value: Any) -> Any:
    if isinstance(value, str):
        return shield.cleaned(value)[:80]
    return value if isinstance(value, int | float | bool) else None


def when(value: Any) -> str | None:
    """A Stripe time as RFC 3339 in UTC."""
    return from_unix(value).isoformat().replace("+00:00", "Z") if isinstance(value, int) else None
