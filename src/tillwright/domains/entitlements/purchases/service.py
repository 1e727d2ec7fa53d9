"""The verbs of purchase terms: what is set, by whom, and setting and taking it away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.entitlements import terms
from tillwright.domains.entitlements.purchases import checks, store
from tillwright.domains.entitlements.purchases.model import Named, PurchaseTerm
from tillwright.domains.integrations import Integrations
from tillwright.domains.integrations.model import PARTNER
from tillwright.domains.mirror import Mirror, MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.query import Where

REVIEWED = ("invoice", "payment_intent")
"""What an edit is applied to again: the types that purchases follow from."""
MOST_BY_METADATA = 200


class PurchaseTerms:
    """Rows belong to the mode that is connected; each edit goes back over the purchases there are, by the worker."""

    def __init__(self, *, clock: Clock, database: Database, integrations: Integrations, mirror: Mirror) -> None:
        self._clock = clock
        self._database = database
        self._integrations = integrations
        self._mirror = mirror

    async def list(self, principal: Principal) -> Sequence[PurchaseTerm]:
        """Those of the connected mode, the default last, each object's latest first; none without Stripe."""
        principal.require("entitlement:read")
        livemode = await self._mode(principal)
        if livemode is None:
            return []
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.all_of(tx, livemode)

    async def shown(self, principal: Principal) -> tuple[Sequence[Named], Sequence[Named], bool]:
        """(what is set, what metadata at Stripe says besides, whether an edit is still going back over purchases)."""
        principal.require("entitlement:read")
        livemode = await self._mode(principal)
        if livemode is None:
            return [], [], False
        async with self._database.tenant(principal.organisation_id) as tx:
            rows = await store.all_of(tx, livemode)
            said = Where("jsonb_exists(body->'metadata', %s)", (terms.NAME,))
            found, _ = await self._mirror.find(
                tx, ["product", "price"], livemode=livemode, where=said, order="object desc, id",
                limit=MOST_BY_METADATA, counted=False,
            )  # fmt: skip
            copies = {copy.id: copy for copy in found}
            for object_id in {row.object_id for row in rows if row.object_id} - set(copies):
                if copy := await self._copy(tx, object_id, livemode):
                    copies[object_id] = copy
            products = {_product_of(copy) for copy in copies.values()}
            for product_id in products - set(copies) - {""}:
                if copy := await self._copy(tx, product_id, livemode):
                    copies[product_id] = copy
            running = await store.running(tx, livemode, [*products])
            set_here = [_named(row, copies, running) for row in rows]
            at_stripe = [
                _by_metadata(copy, copies, running) for copy in found if terms.of_metadata(copy.body) is not None
            ]
            return set_here, at_stripe, await store.reviewing(tx, livemode)

    async def get(self, principal: Principal, term_id: str) -> PurchaseTerm:
        """Raises Absent if there is none."""
        principal.require("entitlement:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await _found(tx, term_id)

    async def put(self, principal: Principal, *, object_id: Any, term: Any, since: Any = None) -> PurchaseTerm:
        """Say what buying it once grants; a row of the same object and time is replaced.

        Args:
            object_id: a product's or a price's; None: every product that has no row.
            term: an ISO 8601 duration of whole days; None: nothing.
            since: for what is paid from then on, an RFC 3339 time or a date; None: for every purchase.

        Raises:
            Invalid: with every complaint; also for what the mirror does not have, or is paid for again and again.
            Absent: Stripe is not connected.
        """
        principal.require("entitlement:write")
        integration = await self._integrations.of(principal.organisation_id)
        named, text, moment = checks.wish(object_id, term, since)
        now, livemode, organisation = self._clock.now(), integration.livemode, principal.organisation_id
        async with self._database.tenant(organisation) as tx:
            if named:
                _check_bought_once(await self._copy(tx, named, livemode), named)
            wanted = PurchaseTerm(
                ids.new("pte"), livemode, named or None, text or None, moment, principal.name, now
            )  # fmt: skip
            row = await store.put(tx, organisation, wanted)
            await self._tell(tx, principal, "updated", row, now)
            return row

    async def remove(self, principal: Principal, term_id: str) -> None:
        """As if it had never been said: what follows from it ends, unless something else says a term.

        Raises:
            Absent: there is none.
        """
        principal.require("entitlement:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            row = await _found(tx, term_id)
            if await store.delete(tx, term_id):
                await self._tell(tx, principal, "deleted", row, self._clock.now())

    async def _tell(self, tx: Tx, principal: Principal, did: str, row: PurchaseTerm, now: datetime) -> None:
        """The edit goes back over the purchases; the trail and the spine know of it: in the transaction that did it."""
        organisation = principal.organisation_id
        await store.ask_review(tx, organisation, row.livemode, REVIEWED)
        said: dict[str, Any] = {
            "id": row.id,
            "objectId": row.object_id,
            "term": row.term,
            "appliesFrom": None if row.always else row.since.isoformat().replace("+00:00", "Z"),
            "livemode": row.livemode,
        }
        await audit.record(tx, organisation, principal.actor, f"entitlements:purchase_term:{did}", row.id, said, now)
        await events.record(tx, organisation, f"purchase_term:{PARTNER}:{did}", said, now)

    async def _mode(self, principal: Principal) -> bool | None:
        try:
            return (await self._integrations.of(principal.organisation_id)).livemode
        except Absent:
            return None

    async def _copy(self, tx: Tx, object_id: str, livemode: bool) -> MirrorObject | None:
        """A product or a price: an account may name its products as it likes."""
        for kind in ("price", "product"):
            try:
                return await self._mirror.get(tx, kind, object_id, livemode=livemode)
            except Absent:
                continue
        return None


def _check_bought_once(copy: MirrorObject | None, object_id: str) -> None:
    if copy is None or copy.deleted:
        raise Invalid(
            "object_unknown",
            f"There is no product or price {object_id[:60]!r} in the mirror.",
            field="objectId",
            remedy="Check the id and the mode; if it was just made at Stripe, wait a moment.",
        )
    if copy.body.get("recurring"):
        raise Invalid(
            "price_recurring",
            "This price is paid again and again: its subscriptions say how long they last.",
            field="objectId",
            remedy="Take a one-off price, or the product.",
        )


async def _found(tx: Tx, term_id: str) -> PurchaseTerm:
    row = await store.get(tx, term_id)
    if row is None:
        raise Absent("purchase_term_absent", f"There is no purchase term {term_id[:60]}.", field="purchaseTermId")
    return row


Copies = Mapping[str, MirrorObject]
Running = Mapping[tuple[str, str | None], int]


def _named(row: PurchaseTerm, copies: Copies, running: Running) -> Named:
    copy = copies.get(row.object_id or "")
    kind = copy.object if copy else "product" if row.object_id else "default"
    return Named(
        row.id, kind, row.object_id, _name(copy, copies) if copy else row.object_id or "", row.term,
        None if row.always else row.since, row.by, row.updated, _count(copy, running) if row.object_id else None,
    )  # fmt: skip


def _by_metadata(copy: MirrorObject, copies: Copies, running: Running) -> Named:
    said = str(copy.body["metadata"][terms.NAME]).strip().upper()
    return Named(
        None, copy.object, copy.id, _name(copy, copies), said, None, "", None, _count(copy, running)
    )  # fmt: skip


def _product_of(copy: MirrorObject) -> str:
    product = copy.body.get("product") if copy.object == "price" else copy.id
    return product if isinstance(product, str) else ""


def _name(copy: MirrorObject, copies: Copies) -> str:
    product = copies.get(_product_of(copy))
    name = str((product.body.get("name") if product else "") or _product_of(copy) or copy.id)
    nickname = copy.body.get("nickname") if copy.object == "price" else None
    return f"{name}, {nickname}" if nickname else name


def _count(copy: MirrorObject | None, running: Running) -> int:
    if copy is None:
        return 0
    product = _product_of(copy)
    if copy.object == "price":
        return running.get((product, copy.id), 0)
    return sum(n for (of, _), n in running.items() if of == product)
