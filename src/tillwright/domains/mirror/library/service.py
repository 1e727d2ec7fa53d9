"""The library's verbs: each checks the right, and reads the mode that is asked for or connected."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, Protocol

from tillwright.domains import audit
from tillwright.domains.integrations import Integration
from tillwright.domains.mirror.carried import lists as carried
from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS
from tillwright.domains.mirror.library import sheet, store
from tillwright.domains.mirror.library.askable import askable, view_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.places import before, pattern, place
from tillwright.domains.mirror.service import LARGEST_PAGE, Mirror
from tillwright.domains.mirror.unfolding_store import CARRIED
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit import query
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.pages import Page, page_of
from tillwright.kit.query import Where

Form = Literal["csv", "ndjson"]
MEDIA: Mapping[Form, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
AT_ONCE = 4
"""Exports that one process has under way: each holds a connection to the database as long as it lasts."""
_PATIENCE = "60s"  # how long a reader that stopped reading keeps its transaction


@dataclass(frozen=True)
class Asked:
    """What a list is narrowed by.

    `livemode`: the connected mode if None. `q`: a filter of `kit.query` over the type's fields. `search`: part of an
    id, a name, a mail address, in any case of letters.
    """

    livemode: bool | None = None
    q: str | None = None
    search: str | None = None


@dataclass(frozen=True)
class Shelf:
    """One type; `plural` is for people, empty for a type that only events brought."""

    object: str
    plural: str
    present: int
    deleted: int


class Modes(Protocol):
    """Tells what is connected."""

    async def of(self, organisation_id: str) -> Integration: ...


class Library:
    """Everything the mirror holds of the caller's organisation, type by type."""

    def __init__(self, *, database: Database, clock: Clock, modes: Modes, mirror: Mirror) -> None:
        self._database = database
        self._clock = clock
        self._modes = modes
        self._mirror = mirror
        self._under_way = 0

    async def shelves(self, principal: Principal, *, livemode: bool | None = None) -> Sequence[Shelf]:
        """Every type the mirror can hold, with how many there are; empty while Stripe is not connected."""
        mode = await self._mode(principal, livemode)
        if mode is None:
            return []
        async with self._database.tenant(principal.organisation_id) as tx:
            counts = await self._mirror.counts(tx, livemode=mode)
        others = sorted(counts.keys() - BY_OBJECT.keys())
        named = [(kind.object, kind.plural) for kind in KINDS] + [(name, "") for name in others]
        return [
            Shelf(name, plural, counts[name].present, counts[name].deleted)
            if name in counts
            else Shelf(name, plural, 0, 0)
            for name, plural in named
        ]

    async def list(
        self, principal: Principal, object_type: str, asked: Asked, *, cursor: str | None = None, limit: int = 50
    ) -> Page[MirrorObject]:
        """A type's objects that are not deleted, newest first; empty while Stripe is not connected.

        Those that others carry, such as a subscription's items, come with the newest of these first.

        Raises:
            Absent: there is no such type.
            Invalid: the filter, the cursor or the limit is none of this list.
        """
        mode = await self._mode(principal, asked.livemode)
        if mode is None:
            return Page([])
        if not 1 <= limit <= LARGEST_PAGE:
            raise Invalid("limit_invalid", f"{limit} is no page size.", field="limit", remedy=f"1 to {LARGEST_PAGE}.")
        await self._known(principal, object_type, mode)
        async with self._database.tenant(principal.organisation_id) as tx:
            if object_type in CARRIED:
                return await carried.list(
                    tx, object_type, mode, _where(object_type, asked), search=asked.search, cursor=cursor, limit=limit
                )
            if not (asked.q or "").strip():  # a search by itself has an index
                return await self._mirror.list(
                    tx, object_type, livemode=mode, search=asked.search, cursor=cursor, limit=limit
                )
            found = await store.page(tx, mode, object_type, _where(object_type, asked), before(cursor), limit + 1)
        return page_of(found, limit, place)

    async def get(
        self, principal: Principal, object_type: str, object_id: str, *, livemode: bool | None = None
    ) -> MirrorObject:
        """One object, a deleted one too.

        Raises:
            Absent: there is none, or Stripe is not connected.
        """
        mode = await self._connected(principal, livemode)
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._mirror.get(tx, object_type, object_id, livemode=mode)

    async def export(self, principal: Principal, object_type: str, form: Form, asked: Asked) -> AsyncGenerator[bytes]:
        """A type as a file, piece by piece: memory stays the same however much it is.

        CSV has the typed fields of the SQL view, times as RFC 3339, amounts in minor units and again in major units;
        NDJSON has the objects as Stripe sent them, a line each. Who exported what is in the audit trail.

        Raises:
            Absent: there is no such type, or Stripe is not connected; Invalid: the filter is none of this type;
            Conflict: too many exports are under way.
        """
        mode = await self._connected(principal, asked.livemode)
        await self._known(principal, object_type, mode)
        where = _where(object_type, asked)
        if self._under_way >= AT_ONCE:
            raise Conflict("exports_busy", f"{AT_ONCE} exports are under way already.", remedy="Try again in a moment.")
        async with self._database.tenant(principal.organisation_id) as tx:
            detail = {"form": form, "mode": "live" if mode else "test", "q": asked.q, "search": asked.search}
            await audit.record(
                tx, principal.organisation_id, principal.actor, "mirror:object:export", object_type, detail,
                self._clock.now(),
            )  # fmt: skip
        return self._pieces(principal.organisation_id, object_type, form, mode, where)

    async def _pieces(
        self, organisation_id: str, object_type: str, form: Form, mode: bool, where: Where
    ) -> AsyncGenerator[bytes]:
        self._under_way += 1
        try:
            async with self._database.tenant(organisation_id) as tx:
                await store.limit_idling(tx, _PATIENCE)
                if form == "ndjson":
                    async for texts in store.bodies(tx, mode, object_type, where):
                        yield "".join(f"{text}\n" for text in texts).encode()
                    return
                made = sheet.sheet_of(view_of(object_type))
                yield sheet.lines([made.header])
                async for rows in store.typed(tx, mode, object_type, where):
                    yield sheet.lines([made.cells(row) for row in rows])
        finally:
            self._under_way -= 1

    async def _mode(self, principal: Principal, wanted: bool | None) -> bool | None:
        principal.require("mirror:read")
        try:
            connected = (await self._modes.of(principal.organisation_id)).livemode
        except Absent:
            return None
        return connected if wanted is None else wanted

    async def _connected(self, principal: Principal, wanted: bool | None) -> bool:
        mode = await self._mode(principal, wanted)
        if mode is None:
            raise Absent("integration_absent", "Stripe is not connected.", remedy="Connect it under Integrations.")
        return mode

    async def _known(self, principal: Principal, object_type: str, mode: bool) -> None:
        if object_type in BY_OBJECT:
            return
        async with self._database.tenant(principal.organisation_id) as tx:
            counts: Mapping[str, Any] = await self._mirror.counts(tx, livemode=mode)
        if object_type not in counts:
            raise Absent(
                "object_type_absent",
                f"There are no objects called {object_type[:60]!r} here.",
                field="objectType",
                remedy=f"{_meant(object_type)}GET stripeObject and `tillwright mirror status` list the types.",
            )


def _meant(object_type: str) -> str:
    """The type that a person who wrote this is likely to mean, as a question; nothing if none is near."""
    named = {name: kind.object for kind in KINDS for name in (kind.view, kind.plural.lower(), kind.object)}
    near = get_close_matches(object_type[:60].lower(), named, n=1, cutoff=0.75)
    return f"Did you mean {named[near[0]]}? " if near else ""


def _where(object_type: str, asked: Asked) -> Where:
    found = query.where(asked.q, askable(object_type))
    words = pattern(asked.search)
    if words is None:
        return found
    return Where("(" + found.sql + ") and search like %s", (*found.values, words))
