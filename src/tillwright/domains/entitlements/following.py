"""Following the mirror: each changed object is derived again, and what differs is written down and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.entitlements import derive, recording, store, terms
from tillwright.domains.entitlements.drafting import Names, begun, gone, moved
from tillwright.domains.entitlements.giving_back import Back, given_back
from tillwright.domains.entitlements.model import Draft
from tillwright.domains.entitlements.purchases import choosing
from tillwright.domains.entitlements.purchases import store as purchase_store
from tillwright.domains.entitlements.terms import Length
from tillwright.domains.mirror import Mirror, MirrorObject
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent

FOLLOWER = "entitlements"
"""Our name among those who follow the mirror."""


class Follower:
    """Reads the mirror alone, so that everything can be derived again at any time."""

    def __init__(self, *, clock: Clock, database: Database, mirror: Mirror) -> None:
        self._clock = clock
        self._database = database
        self._mirror = mirror

    async def step(self, limit: int = 100) -> int:
        """Take in one batch for each organisation that has changes; returns how many objects."""
        taken = 0
        for organisation_id in await self._mirror.organisations_changed(FOLLOWER):
            async with self._database.tenant(organisation_id) as tx:
                changed = await self._mirror.next_changes(tx, organisation_id, FOLLOWER, limit)
                for copy in changed:
                    await self._take(tx, organisation_id, copy)
            taken += len(changed)
        return taken

    async def review_step(self, limit: int = 100) -> int:
        """One batch of purchases for each organisation that changed what they grant; 0 when nothing is left to do.

        Nobody follows the organisation's mirror meanwhile: else an older copy could be written after a newer one.
        """
        done = 0
        async with self._database.open() as tx:
            organisations = await purchase_store.organisations_to_review(tx)
        for organisation_id in organisations:
            async with self._database.tenant(organisation_id) as tx:
                if not await self._mirror.hold_place(tx, organisation_id, FOLLOWER):
                    continue
                review = await purchase_store.next_review(tx, organisation_id)
                if review is None:
                    continue
                page = await self._mirror.list(
                    tx, review.object, livemode=review.livemode, cursor=review.cursor or None, limit=limit
                )
                for copy in page.items:
                    if derive.product_of(copy.body) or derive.prices_of(copy.body):
                        await self._derive(tx, organisation_id, copy)
                await purchase_store.went_on(tx, organisation_id, review, page.next_cursor)
                done += max(1, len(page.items))
        return done

    async def again(self, tx: Tx, organisation_id: str) -> None:
        """Derive everything anew in the steps to come; what is right already stays as it is, and nothing is told."""
        await self._mirror.follow_again(tx, organisation_id, FOLLOWER)

    async def take_answer(
        self, tx: Tx, organisation_id: str, livemode: bool, account_id: str | None, body: Any
    ) -> None:
        """A subscription as Stripe just answered it, ahead of the event that will say the same."""
        schedule = await self._body(tx, "subscription_schedule", derive.id_of(body.get("schedule")), livemode)
        drafts = derive.of_subscription(body, schedule)
        await self._settle(tx, organisation_id, livemode, account_id, derive.SUBSCRIPTION, body["id"], drafts, None)

    async def _take(self, tx: Tx, organisation_id: str, copy: MirrorObject) -> None:
        match copy.object:
            case "customer" if not copy.deleted:
                name, email = customer_names(copy.body)
                await store.name_buyer(tx, organisation_id, copy.id, name, email)
            case "product" if not copy.deleted:
                await store.name_product(tx, organisation_id, copy.id, str(copy.body.get("name") or copy.id))
            case derive.SUBSCRIPTION | derive.INVOICE | derive.PAYMENT | derive.FEATURES | derive.SCHEDULED:
                await self._derive(tx, organisation_id, copy)
            case "refund" | "dispute" | "invoice_payment" if not copy.deleted:
                await self._money(tx, organisation_id, copy)
            case _:
                pass  # a deleted customer's or product's entitlements end with what they follow from

    async def _derive(self, tx: Tx, organisation_id: str, copy: MirrorObject, led: MirrorObject | None = None) -> None:
        """`led` is the object whose change led here, if it is another."""
        drafts: Sequence[Draft] = () if copy.deleted else await self._drafts(tx, copy)
        event_id = (led or copy).event_id
        await self._settle(tx, organisation_id, copy.livemode, copy.account_id, copy.object, copy.id, drafts, event_id)
        steered = derive.id_of(copy.body.get("subscription")) if copy.object == derive.SCHEDULED else None
        if steered and (body := await self._body(tx, derive.SUBSCRIPTION, steered, copy.livemode)):
            await self.take_answer(tx, organisation_id, copy.livemode, copy.account_id, body)

    async def _money(self, tx: Tx, organisation_id: str, copy: MirrorObject) -> None:
        """What the payment paid for is derived again: all of it may have gone back."""
        intent, livemode = derive.intent_of(copy.body), copy.livemode
        if intent is None:
            return
        # Nearly every payment of an invoice is none of ours; it only matters where its money went back before it came.
        if copy.object == "invoice_payment" and not any(await self._returned(tx, [intent], livemode)):
            return
        links = await self._mirror.invoice_links(tx, [intent], [], livemode=livemode)
        paid_for = [(derive.PAYMENT, intent), *((derive.INVOICE, invoice) for _, invoice in links)]
        for object_type, object_id in paid_for:
            try:
                found = await self._mirror.get(tx, object_type, object_id, livemode=livemode)
            except Absent:
                continue  # not mirrored yet; when it is, it comes by here
            await self._derive(tx, organisation_id, found, copy)

    async def _returned(
        self, tx: Tx, intents: Sequence[str], livemode: bool
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        """Refunds and disputes of these payments."""
        refunds = await self._mirror.of_intents(tx, "refund", intents, livemode=livemode)
        disputes = await self._mirror.of_intents(tx, "dispute", intents, livemode=livemode)
        return [one.body for one in refunds], [one.body for one in disputes]

    async def _back(self, tx: Tx, copy: MirrorObject) -> Back | None:
        """When all that was paid for an invoice or by a payment had gone back."""
        body, livemode = copy.body, copy.livemode
        if copy.object == derive.PAYMENT:
            intents, paid = [copy.id], body.get("amount_received")
        else:
            links = await self._mirror.invoice_links(tx, [], [copy.id], livemode=livemode)
            intents, paid = [intent for intent, _ in links], body.get("amount_paid")
        return given_back(paid, body.get("currency"), *await self._returned(tx, intents, livemode)) if intents else None

    async def _drafts(self, tx: Tx, copy: MirrorObject) -> Sequence[Draft]:
        body, livemode = copy.body, copy.livemode
        if copy.object == derive.SUBSCRIPTION:
            schedule = await self._body(tx, derive.SCHEDULED, derive.id_of(body.get("schedule")), livemode)
            return derive.of_subscription(body, schedule)
        if copy.object == derive.SCHEDULED:
            return derive.of_schedule(body)
        if copy.object == derive.PAYMENT:
            term = await self._term_of_payment(tx, copy)
            drafts = derive.of_payment(body, None, term)
            return derive.of_payment(body, await self._back(tx, copy), term) if drafts else drafts
        if copy.object == derive.FEATURES:
            return derive.of_features(body)
        lengths = await self._lengths(tx, copy)
        back = await self._back(tx, copy) if any(lengths.values()) else None
        return derive.of_invoice(body, lambda price, product: lengths.get((price, product)), back)

    async def _lengths(self, tx: Tx, copy: MirrorObject) -> Mapping[tuple[str | None, str | None], Length | None]:
        """What each price and product of an invoice's own lines grants."""
        prices, paid = derive.prices_of(copy.body), derive.paid_at(copy.body)
        if copy.body.get("status") != "paid" or not prices or paid is None:
            return {}
        named = [object_id for pair in prices for object_id in pair if object_id]
        said, livemode = await purchase_store.of_objects(tx, copy.livemode, named), copy.livemode
        lengths: dict[tuple[str | None, str | None], Length | None] = {}
        for price, product in prices:
            bodies = [await self._body(tx, kind, id, livemode) for kind, id in (("price", price), ("product", product))]
            lengths[price, product] = choosing.length(said, price, product, paid, terms.of_metadata(*bodies))
        return lengths

    async def _term_of_payment(self, tx: Tx, copy: MirrorObject) -> Length | None:
        """What the product that a payment names grants."""
        product, paid = derive.product_of(copy.body), derive.paid_at(copy.body)
        if product is None or paid is None:
            return None
        said = await purchase_store.of_objects(tx, copy.livemode, [product])
        by_metadata = terms.of_metadata(await self._body(tx, "product", product, copy.livemode))
        return choosing.length(said, None, product, paid, by_metadata)

    async def _settle(
        self,
        tx: Tx,
        organisation_id: str,
        livemode: bool,
        account_id: str | None,
        object_type: str,
        object_id: str,
        drafts: Sequence[Draft],
        event_id: str | None,
    ) -> None:
        known = {e.source.part: e for e in await store.of_source(tx, organisation_id, livemode, object_type, object_id)}
        now = self._clock.now()
        for draft in drafts:
            before = known.pop(draft.source.part, None)
            names = await self._names(tx, draft, livemode)
            if before is None:
                after = begun(organisation_id, livemode, account_id, draft, names, now)
            else:
                after = moved(before, draft, names, now)
            await recording.save(tx, before, after, now, event_id)
        for before in known.values():
            await recording.save(tx, before, gone(before, now), now, event_id)

    async def _names(self, tx: Tx, draft: Draft, livemode: bool) -> Names:
        customer = await self._body(tx, "customer", draft.buyer_id, livemode)
        product = await self._body(tx, "product", draft.product_id, livemode)
        name, email = customer_names(customer) if customer else ("", "")
        return Names(name, email, str((product or {}).get("name") or ""))

    async def _body(self, tx: Tx, object_type: str, object_id: str | None, livemode: bool) -> dict[str, Any] | None:
        if object_id is None:
            return None
        try:
            return (await self._mirror.get(tx, object_type, object_id, livemode=livemode)).body
        except Absent:
            return None  # not mirrored yet; when it is, it comes by here


def customer_names(body: dict[str, Any]) -> tuple[str, str]:
    """(what to call them, their mail address)."""
    email = str(body.get("email") or "")
    return str(body.get("name") or email or body.get("id") or ""), email
