"""The mirror's verbs: take events in, answer what is there, bring in what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from tillwright.domains import audit
from tillwright.domains.mirror import change_store, store
from tillwright.domains.mirror.apply import Verdict
from tillwright.domains.mirror.backfill import store as backfills
from tillwright.domains.mirror.backfill.service import Backfill
from tillwright.domains.mirror.carried import lists as carried
from tillwright.domains.mirror.carried import store as carried_store
from tillwright.domains.mirror.charting.service import Charting
from tillwright.domains.mirror.finding import store as finding
from tillwright.domains.mirror.finding.payments import Payments
from tillwright.domains.mirror.intake import take_in
from tillwright.domains.mirror.keys import Keys
from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS
from tillwright.domains.mirror.marks import store as marks
from tillwright.domains.mirror.model import BackfillState, Count, EventCopy, FetchedCopy, MirrorObject, Progress
from tillwright.domains.mirror.places import before, pattern, place
from tillwright.domains.mirror.proof import store as proofs
from tillwright.domains.mirror.proof.model import DriftRow, Month, Proof
from tillwright.domains.mirror.proof.service import Proving
from tillwright.domains.mirror.refetch import Refetch
from tillwright.domains.mirror.searching.service import Searching
from tillwright.domains.mirror.selection import store as selections
from tillwright.domains.mirror.selection.store import Total
from tillwright.domains.mirror.truth.model import Listening, Truth
from tillwright.domains.mirror.truth.service import truth
from tillwright.domains.mirror.unfolding_store import CARRIED
from tillwright.domains.mirror.views.readers import Readers
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.pages import Page, page_of
from tillwright.kit.query import Where

FILTERS = ("customer", "status", "created_from", "created_before")
"""What a list can be narrowed by: an id, a word, and two aware times (the second one exclusive)."""
LARGEST_PAGE = 1000
READERS = 48
"""Requests of all backfills that one process has under way at the same time."""


class Mirror:
    """One organisation's copy of its Stripe objects; which organisation follows from the transaction."""

    def __init__(self, *, clock: Clock, database: Database, keys: Keys, reader: StripeReader) -> None:
        self._clock = clock
        self._database = database
        self._keys = keys
        self.proving = Proving(clock=clock, database=database, keys=keys, reader=reader)
        self._backfill = Backfill(clock=clock, database=database, keys=keys, reader=reader, ended=self.proving.begin)
        self.readers = Readers(clock=clock, database=database)
        self.charting = Charting(clock=clock, database=database)
        self.payments = Payments()
        self.searching = Searching(database=database)
        self._refetch = Refetch(clock=clock, database=database, keys=keys, reader=reader)

    async def apply(self, tx: Tx, organisation_id: str, copies: Sequence[EventCopy]) -> Sequence[Verdict]:
        """Take in what events say, in any order; what is in doubt is fetched again later. A verdict a copy."""
        return await take_in(tx, organisation_id, copies, self._clock.now())

    async def get(self, tx: Tx, object_type: str, object_id: str, *, livemode: bool) -> MirrorObject:
        """One object, a deleted one too (`deleted` says so).

        Raises:
            Absent: the mirror has no such object.
        """
        found = await carried_store.get(tx, livemode, object_type, object_id) if object_type in CARRIED else None
        found = found or await store.get(tx, livemode, object_type, object_id)
        if found is None:
            mode = "live" if livemode else "test"
            raise Absent(
                "mirror_object_absent",
                f"There is no {object_type} {object_id} in {mode} mode here.",
                field="id",
                remedy="Check the id and the mode; if it was just made at Stripe, wait a moment.",
            )
        return found

    async def list(
        self,
        tx: Tx,
        object_type: str,
        *,
        livemode: bool,
        search: str | None = None,
        filters: Mapping[str, Any] | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[MirrorObject]:
        """Objects of a type that are not deleted, newest first.

        Args:
            search: part of an id, a name, an e-mail (the kind's own fields); capitals don't matter.
            filters: any of `FILTERS`.

        Raises:
            Invalid: an unknown filter, a cursor of another list, a limit out of range.
        """
        if unknown := set(filters or {}) - set(FILTERS):
            raise Invalid(
                "filter_unknown",
                f"Objects can't be filtered by {sorted(unknown)[0]!r}.",
                field=sorted(unknown)[0],
                remedy=f"Use one of: {', '.join(FILTERS)}.",
            )
        if not 1 <= limit <= LARGEST_PAGE:
            raise Invalid("limit_invalid", f"{limit} is no page size.", field="limit", remedy=f"1 to {LARGEST_PAGE}.")
        if object_type in CARRIED:
            where = _narrowed(pattern(search), filters or {})
            return await carried.list(tx, object_type, livemode, where, search=search, cursor=cursor, limit=limit)
        found = await store.page(
            tx, livemode, object_type,
            pattern=pattern(search), filters=filters or {}, before=before(cursor), limit=limit + 1,
        )  # fmt: skip
        return page_of(found, limit, place)

    async def find(
        self,
        tx: Tx,
        object_types: Sequence[str],
        *,
        livemode: bool,
        where: Where,
        order: LiteralString,
        limit: int,
        offset: int = 0,
        only: Mapping[str, LiteralString] | None = None,
        counted: bool = True,
    ) -> tuple[Sequence[MirrorObject], int]:
        """Objects of these types that a condition of `kit.query` picks, deleted ones left out, and how many in all.

        Args:
            where, order: over the columns of `mirror_objects`, `body` among them.
            only: of these types, those that fulfil this; without values.
            counted: False where nobody asks how many: counting looks at each of them.
        """
        return await finding.find(
            tx, livemode, object_types, where, order, limit, offset, only=only or {}, counted=counted
        )

    async def of_intents(
        self, tx: Tx, object_type: str, intents: Sequence[str], *, livemode: bool
    ) -> Sequence[MirrorObject]:
        """Charges, refunds or disputes of these payments, newest first, deleted ones left out.

        Args:
            intents: payment intents, and charges that have none.
        """
        return await finding.of_intents(tx, livemode, object_type, intents)

    async def invoice_links(
        self, tx: Tx, intents: Sequence[str], invoices: Sequence[str], *, livemode: bool
    ) -> Sequence[tuple[str, str]]:
        """(payment, invoice) of the invoice payments that name one of these; payments as in `of_intents`."""
        return await finding.invoice_links(tx, livemode, intents, invoices)

    async def of_coupon(
        self, tx: Tx, object_type: str, coupon: str, *, livemode: bool, limit: int = 100
    ) -> Sequence[MirrorObject]:
        """Promotion codes, discounts or customers that name this coupon, newest first, without the deleted."""
        return await finding.of_coupon(tx, livemode, object_type, coupon, limit)

    async def of_ids(
        self, tx: Tx, object_type: str, ids: Sequence[str], *, livemode: bool
    ) -> Mapping[str, MirrorObject]:
        """Those of these objects that are here, deleted ones too, by id."""
        return {row.id: row for row in await finding.of_ids(tx, livemode, object_type, ids)}

    async def ids_of_customer(self, tx: Tx, customer: str, *, livemode: bool, limit: int = 500) -> Sequence[str]:
        """The ids of a customer's newest objects, deleted ones too."""
        return await finding.ids_of_customer(tx, livemode, customer, limit)

    async def keep(self, tx: Tx, organisation_id: str, copies: Sequence[FetchedCopy]) -> None:
        """Take in what Stripe answered to somebody else's request, so that the mirror shows it at once."""
        await take_in(tx, organisation_id, copies, self._clock.now())

    async def counts(self, tx: Tx, *, livemode: bool) -> Mapping[str, Count]:
        """How many objects of each type are there; as fast with a million objects as with ten."""
        return await carried_store.counts(tx, livemode)

    async def select(
        self,
        tx: Tx,
        object_type: str,
        *,
        livemode: bool,
        where: Mapping[str, Any],
        limit: int,
        oldest_first: bool = False,
    ) -> tuple[Sequence[dict[str, Any]], bool]:
        """Bodies of objects that fulfil a condition (see `selection.where`), and whether there are more of them.

        Raises:
            Invalid: the condition can't be understood.
        """
        found = await selections.select(tx, livemode, object_type, where, limit=limit + 1, oldest_first=oldest_first)
        return found[:limit], len(found) > limit

    async def totals(
        self, tx: Tx, object_type: str, *, livemode: bool, where: Mapping[str, Any], field: str = "amount"
    ) -> Sequence[Total]:
        """How many objects fulfil a condition, and the sum of one of their fields, by currency.

        Raises:
            Invalid: the condition can't be understood.
        """
        return await selections.totals(tx, livemode, object_type, where, field.split("."))

    async def start_backfill(self, tx: Tx, organisation_id: str, *, livemode: bool, again: bool = False) -> None:
        """See that every type is brought in; with `again`, read the lists that were done once more."""
        await backfills.start(tx, organisation_id, livemode, KINDS, self._clock.now(), again=again)

    async def erase_type(self, tx: Tx, organisation_id: str, object_type: str, *, livemode: bool) -> None:
        """Forget a type's objects and read its list again, so that they follow from nothing older; tombstones stay.

        Raises:
            Absent: no list of Stripe's has this type.
        """
        kind = BY_OBJECT.get(object_type)
        if kind is None:
            raise Absent(
                "mirror_kind_unknown",
                f"No list of Stripe's has objects called {object_type}.",
                field="object",
                remedy="docs/reference/mirror.md has the types that can be built anew.",
            )
        await store.erase_type(tx, organisation_id, livemode, object_type)
        await backfills.start(tx, organisation_id, livemode, [kind], self._clock.now(), again=True)

    async def sweep(self, tx: Tx, organisation_id: str, *, livemode: bool) -> None:
        """Read every list again, then prove it: for when events are lost that nobody can ask for any more."""
        await self.start_backfill(tx, organisation_id, livemode=livemode, again=True)
        await proofs.now_due(tx, organisation_id, livemode, self._clock.now())

    async def swept_since(self, tx: Tx, since: datetime, *, livemode: bool) -> Sequence[str] | None:
        """The lists that could not be read again since then; None while others are on their way.

        Every other list was read, and what no list had was asked for, in a pass that began since. A list that the key
        could never read is none of them: nothing of it can have been lost here.
        """
        lists = await self.backfill_progress(tx, livemode=livemode)
        proven = {row.object: row.proven_from for row in await proofs.proofs(tx, livemode)}
        passes = [proven.get(row.object) for row in lists if row.state is BackfillState.DONE]
        doubts = await marks.open_marks(tx, livemode)
        swept = (
            all(row.over for row in lists)
            and all(began is not None and began >= since for began in passes)
            and not any(row["waiting"] > row["failing"] for row in doubts)
        )
        if not swept:
            return None
        failed = {row.object for row in lists if row.state is BackfillState.FAILED}
        denied = {row.object for row in lists if row.state is BackfillState.DENIED and row.object in proven}
        return sorted(failed | denied)

    async def truth(self, tx: Tx, listening: Listening, *, livemode: bool) -> Truth:
        """Is it right? What is known of every list, and everything that speaks against it."""
        return await truth(tx, listening, self._clock.now(), livemode=livemode)

    async def prove_now(self, principal: Principal, *, livemode: bool | None = None) -> int:
        """Compare everything with Stripe, ask for what no list had, and see what of it was drift; returns the pages.

        Raises:
            Denied: the caller may not.
        """
        pages = await self.proving.prove_now(principal, livemode=livemode)
        await self._refetch.settle(principal.organisation_id)
        await self.proving.settle()
        return pages

    async def backfill(self, principal: Principal, *, again: bool = False) -> bool:
        """Start the backfill of the mode that is connected; returns whether that is live mode.

        Raises:
            Denied: the caller may not.
            Absent, Conflict: there is no key to read with.
        """
        principal.require("mirror:write")
        organisation_id = principal.organisation_id
        access = await self._keys.access(organisation_id, why="start a backfill")
        async with self._database.tenant(organisation_id) as tx:
            await self.start_backfill(tx, organisation_id, livemode=access.livemode, again=again)
            detail = {"mode": "live" if access.livemode else "test", "again": again}
            await audit.record(
                tx,
                organisation_id,
                principal.actor,
                "mirror:backfill:start",
                organisation_id,
                detail,
                self._clock.now(),
            )
        return access.livemode

    async def backfill_step(self, *, parallel: int = READERS, most: int | None = None) -> int:
        """Read pages, `parallel` at a time, fairly over all organisations; returns how many, 0 for nothing to do now.

        Ends after about `most` pages, ten a reader if not said.
        """
        return await self._backfill.step(parallel=parallel, most=most)

    async def backfill_progress(self, tx: Tx, *, livemode: bool | None = None) -> Sequence[Progress]:
        """How far each list is, in the order they are read."""
        return await backfills.progress(tx, livemode)

    async def refetch_step(self, *, limit: int = 20, parallel: int = 4) -> int:
        """Fetch some of the objects in doubt; returns how many were settled."""
        return await self._refetch.step(limit=limit, parallel=parallel)

    async def doubts(self, tx: Tx, *, livemode: bool) -> Sequence[dict[str, Any]]:
        """Per type: objects waiting to be fetched again, those that could not be, since when, the last error."""
        return await marks.open_marks(tx, livemode)

    async def organisations_changed(self, follower: str) -> Sequence[str]:
        """The organisations with changed objects that this follower was not given yet."""
        async with self._database.open() as tx:
            return await change_store.organisations(tx, follower)

    async def next_changes(
        self, tx: Tx, organisation_id: str, follower: str, limit: int = 200
    ) -> Sequence[MirrorObject]:
        """The next changed objects of the followed types, each in its newest state.

        The follower's place moves in the caller's transaction: what it makes of the objects commits with that. The
        room that follows must not be asked twice at the same time; the one that comes second is given nothing.
        """
        return await change_store.next_changes(tx, organisation_id, follower, limit)

    async def hold_place(self, tx: Tx, organisation_id: str, follower: str) -> bool:
        """Keep the follower from being given changes until the transaction ends; False if it just is."""
        return await change_store.hold(tx, organisation_id, follower) is not None

    async def follow_again(self, tx: Tx, organisation_id: str, follower: str) -> None:
        """Give the follower everything from the beginning."""
        await change_store.start_over(tx, organisation_id, follower)

    async def proofs(self, tx: Tx, *, livemode: bool | None = None) -> Sequence[Proof]:
        """How true each type is known to be."""
        return await proofs.proofs(tx, livemode)

    async def proven_months(self, tx: Tx, object_type: str, *, livemode: bool) -> Sequence[Month]:
        """The same of one type by month of creation, newest first."""
        return await proofs.months(tx, livemode, object_type)

    async def drifts(self, tx: Tx, *, livemode: bool | None = None, limit: int = 100) -> Sequence[DriftRow]:
        """Objects that were not as Stripe has them, the latest found first."""
        return await proofs.drifts(tx, livemode, limit)

    async def at_stake(self, tx: Tx, organisation_id: str) -> int:
        """How many objects `forget` would erase, of both modes; exact, from the counts that are kept."""
        return await store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> int:
        """Erase the organisation's mirror; returns how many objects it held."""
        return await store.forget(tx, organisation_id)


_NARROWING: Mapping[str, LiteralString] = {
    "customer": "customer = %s",
    "status": "status = %s",
    "created_from": "created >= %s",
    "created_before": "created < %s",
}


def _narrowed(pattern: str | None, filters: Mapping[str, Any]) -> Where:
    """A pattern for what an object is searched by, and filters, as a condition."""
    chosen = {name: value for name, value in filters.items() if value is not None}
    parts: list[LiteralString] = ["true", *(_NARROWING[name] for name in chosen)]
    if pattern is not None:
        parts.append("search like %s")
    return Where(" and ".join(parts), (*chosen.values(), *([] if pattern is None else [pattern])))
