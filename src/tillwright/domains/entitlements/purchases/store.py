"""Purchase terms, and how far an edit has gone back over purchases: the only SQL of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tillwright.domains.entitlements.purchases.model import PurchaseTerm
from tillwright.gateways.database import Tally, Tx, tally


@dataclass(frozen=True, slots=True)
class Review:
    """A type of the mirror that is gone through again; `cursor` is where to go on."""

    livemode: bool
    object: str
    cursor: str


async def put(tx: Tx, organisation_id: str, row: PurchaseTerm) -> PurchaseTerm:
    """What is stored now: a row of the same object and time keeps its id."""
    rows = await tx.execute(
        "insert into purchase_terms (organisation_id, id, livemode, object_id, term, since, by, updated) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, livemode, object_id, since) "
        "do update set term = excluded.term, by = excluded.by, updated = excluded.updated returning *",
        (
            organisation_id, row.id, row.livemode, row.object_id or "", row.term or "", row.since, row.by, row.updated,
        ),
    )  # fmt: skip
    stored = await rows.fetchone()
    return _term(stored) if stored else row


async def get(tx: Tx, term_id: str) -> PurchaseTerm | None:
    row = await (await tx.execute("select * from purchase_terms where id = %s", (term_id,))).fetchone()
    return _term(row) if row else None


async def delete(tx: Tx, term_id: str) -> bool:
    """False if there was none."""
    return (await tx.execute("delete from purchase_terms where id = %s", (term_id,))).rowcount == 1


async def all_of(tx: Tx, livemode: bool) -> Sequence[PurchaseTerm]:
    """The default last, each object's latest first."""
    rows = await tx.execute(
        "select * from purchase_terms where livemode = %s order by (object_id = ''), object_id, since desc", (livemode,)
    )
    return [_term(row) async for row in rows]


async def of_objects(tx: Tx, livemode: bool, object_ids: Sequence[str]) -> Sequence[PurchaseTerm]:
    """Those of these prices and products, and the default's."""
    rows = await tx.execute(
        "select * from purchase_terms where livemode = %s and object_id = any(%s)", (livemode, ["", *object_ids])
    )
    return [_term(row) async for row in rows]


async def running(tx: Tx, livemode: bool, product_ids: Sequence[str]) -> Mapping[tuple[str, str | None], int]:
    """How many purchases of these products run now, by (product, price)."""
    rows = await tx.execute(
        "select product_id, price_id, count(*) as n from entitlements where livemode = %s and product_id = any(%s) "
        "and kind = 'PURCHASE' and status in ('ACTIVE', 'PENDING_CANCEL') group by product_id, price_id",
        (livemode, list(product_ids)),
    )
    return {(row["product_id"], row["price_id"]): row["n"] async for row in rows}


async def ask_review(tx: Tx, organisation_id: str, livemode: bool, objects: Sequence[str]) -> None:
    """Go through these types from the beginning, also where one is on its way."""
    for name in objects:
        await tx.execute(
            "insert into purchase_reviews (organisation_id, livemode, object) values (%s, %s, %s) "
            "on conflict (organisation_id, livemode, object) do update set cursor = ''",
            (organisation_id, livemode, name),
        )


async def organisations_to_review(tx: Tx) -> Sequence[str]:
    rows = await tx.execute("select organisation_id from organisations_with_purchases_to_review()")
    return [row["organisation_id"] async for row in rows]


async def next_review(tx: Tx, organisation_id: str) -> Review | None:
    """One of the organisation's, locked."""
    rows = await tx.execute(
        "select * from purchase_reviews where organisation_id = %s order by livemode, object limit 1 for update",
        (organisation_id,),
    )
    row = await rows.fetchone()
    return Review(row["livemode"], row["object"], row["cursor"]) if row else None


async def reviewing(tx: Tx, livemode: bool) -> bool:
    """Whether an edit has not gone back over all purchases yet."""
    rows = await tx.execute("select exists (select 1 from purchase_reviews where livemode = %s) as so", (livemode,))
    row = await rows.fetchone()
    return bool(row and row["so"])


async def went_on(tx: Tx, organisation_id: str, review: Review, cursor: str | None) -> None:
    """None: it is done."""
    key = (organisation_id, review.livemode, review.object)
    if cursor is None:
        await tx.execute(
            "delete from purchase_reviews where organisation_id = %s and livemode = %s and object = %s", key
        )
    else:
        await tx.execute(
            "update purchase_reviews set cursor = %s where organisation_id = %s and livemode = %s and object = %s",
            (cursor, *key),
        )


async def held(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "purchase_terms", organisation_id)


async def forget(tx: Tx, organisation_id: str) -> int:
    """Erase the organisation's; returns how many terms there were."""
    await tx.execute("delete from purchase_reviews where organisation_id = %s", (organisation_id,))
    return (await tx.execute("delete from purchase_terms where organisation_id = %s", (organisation_id,))).rowcount


def _term(row: Mapping[str, Any]) -> PurchaseTerm:
    return PurchaseTerm(
        row["id"], row["livemode"], row["object_id"] or None, row["term"] or None, row["since"], row["by"],
        row["updated"],
    )  # fmt: skip
