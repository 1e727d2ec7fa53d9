"""Entitlements and their terms: the only SQL of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.entitlements.model import Entitlement, Source, Term
from tillwright.gateways.database import Tally, Tx, tally
from tillwright.kit.query import Column, Where

COLUMNS: Mapping[str, Column] = {
    "id": Column("id"),
    "name": Column("name"),
    "status": Column("status"),
    "type": Column("kind"),
    "partner": Column("'STRIPE'"),
    "service": Column("'PAYMENT'"),
    "buyer_id": Column("buyer_id"),
    "external_buyer_id": Column("buyer_id"),
    "buyer_name": Column("buyer_name"),
    "buyer_email": Column("buyer_email"),
    "product_id": Column("product_id"),
    "external_product_id": Column("product_id"),
    "product_name": Column("product_name"),
    "offer_id": Column("price_id"),
    "external_id": Column("source_id"),
    "livemode": Column("livemode", "boolean"),
    "start_time": Column("start_time", "time"),
    "end_time": Column("end_time", "time"),
    "renew_time": Column("renews", "time"),
    "creation_time": Column("created", "time"),
    "last_update_time": Column("updated", "time"),
}
"""What `/query` may filter and sort by, in the published API's names."""

_FIELDS: LiteralString = (
    "id, organisation_id, livemode, account_id, kind, source_object, source_id, source_part, status, name, named, "
    "held, buyer_id, buyer_name, buyer_email, product_id, product_name, price_id, start_time, end_time, renews, info, "
    "meta, notice_days, notices, check_at, version, created, updated"
)
_PLACES: LiteralString = ", ".join(["%s"] * 29)  # pyright: ignore[reportAssignmentType] - one a field
_INSERT: LiteralString = f"insert into entitlements ({_FIELDS}) values ({_PLACES}) on conflict do nothing"  # noqa: S608 - constants


async def insert(tx: Tx, entitlement: Entitlement) -> bool:
    """False if one of the same source is there."""
    return (await tx.execute(_INSERT, _values(entitlement))).rowcount == 1


async def of_sources(tx: Tx, source_ids: Sequence[str], livemode: bool | None) -> Mapping[str, str]:
    """Entitlements by the object they follow from; the oldest where there are several."""
    rows = await tx.execute(
        "select distinct on (source_id) source_id, id from entitlements "
        "where source_object = any(%s) and source_id = any(%s) and (%s::boolean is null or livemode = %s) "
        "order by source_id, created, id",
        (["subscription", "invoice", "payment_intent"], list(source_ids), livemode, livemode),
    )
    return {row["source_id"]: row["id"] async for row in rows}


async def update(tx: Tx, entitlement: Entitlement) -> None:
    await tx.execute(
        "update entitlements set account_id = %s, kind = %s, status = %s, name = %s, named = %s, held = %s, "
        "buyer_id = %s, buyer_name = %s, buyer_email = %s, product_id = %s, product_name = %s, price_id = %s, "
        "start_time = %s, end_time = %s, renews = %s, info = %s, meta = %s, notice_days = %s, notices = %s, "
        "check_at = %s, version = %s, updated = %s where organisation_id = %s and id = %s",
        (
            entitlement.account_id, entitlement.kind, entitlement.status, entitlement.name, entitlement.named,
            entitlement.held, entitlement.buyer_id, entitlement.buyer_name, entitlement.buyer_email,
            entitlement.product_id, entitlement.product_name, entitlement.price_id, entitlement.start, entitlement.end,
            entitlement.renews, Jsonb(entitlement.info), Jsonb(entitlement.meta), entitlement.notice_days,
            entitlement.notices, entitlement.check, entitlement.version, entitlement.updated,
            entitlement.organisation_id, entitlement.id,
        ),
    )  # fmt: skip


async def get(tx: Tx, entitlement_id: str, *, lock: bool = False) -> Entitlement | None:
    query: LiteralString = "select * from entitlements where id = %s"
    if lock:
        query += " for update"
    row = await (await tx.execute(query, (entitlement_id,))).fetchone()
    return entitlement_of(row) if row else None


async def next_intent(tx: Tx, entitlement_id: str) -> int:
    """Counts what was meant to be done to it at Stripe."""
    rows = await tx.execute(
        "update entitlements set intents = intents + 1 where id = %s returning intents", (entitlement_id,)
    )
    row = await rows.fetchone()
    return row["intents"] if row else 0


async def of_source(
    tx: Tx, organisation_id: str, livemode: bool, object_type: str, object_id: str
) -> list[Entitlement]:
    """Everything that follows from one object, locked, in one order for everybody."""
    rows = await tx.execute(
        "select * from entitlements where organisation_id = %s and livemode = %s and source_object = %s "
        "and source_id = %s order by id for update",
        (organisation_id, livemode, object_type, object_id),
    )
    return [entitlement_of(row) async for row in rows]


async def find(
    tx: Tx, where: Where, order: LiteralString, *, limit: int, offset: int = 0
) -> tuple[Sequence[Entitlement], int]:
    """Those that the condition holds for, and how many there are in all."""
    rows = await tx.execute(
        f"select * from entitlements where {where.sql} order by {order} limit %s offset %s",  # noqa: S608 - from kit.query
        (*where.values, limit, offset),
    )
    found = [entitlement_of(row) async for row in rows]
    counted = await tx.execute(f"select count(*) as n from entitlements where {where.sql}", where.values)  # noqa: S608 - the same
    row = await counted.fetchone()
    return found, row["n"] if row else 0


async def ending(tx: Tx, livemode: bool, since: datetime, until: datetime, limit: int) -> Sequence[Entitlement]:
    """Those that end from one time to another, first the next; deleted ones aside."""
    rows = await tx.execute(
        "select * from entitlements where livemode = %s and end_time >= %s and end_time < %s and status <> 'DELETED' "
        "order by end_time, id limit %s",
        (livemode, since, until, limit),
    )
    return [entitlement_of(row) async for row in rows]


async def counts(tx: Tx, livemode: bool) -> Mapping[str, int]:
    """How many there are in each status."""
    rows = await tx.execute(
        "select status, count(*) as n from entitlements where livemode = %s group by status", (livemode,)
    )
    return {row["status"]: row["n"] async for row in rows}


async def name_buyer(tx: Tx, organisation_id: str, buyer_id: str, name: str, email: str) -> None:
    """Keep what the buyer is called in step with the mirror."""
    await tx.execute(
        "update entitlements set buyer_name = %s, buyer_email = %s where organisation_id = %s and buyer_id = %s "
        "and (buyer_name, buyer_email) is distinct from (%s, %s)",
        (name, email, organisation_id, buyer_id, name, email),
    )


async def name_product(tx: Tx, organisation_id: str, product_id: str, name: str) -> None:
    """The same for a product; entitlements that nobody named are called by it."""
    await tx.execute(
        "update entitlements set product_name = %s, name = case when named or name <> product_name then name "
        "else %s end where organisation_id = %s and product_id = %s and product_name <> %s",
        (name, name, organisation_id, product_id, name),
    )


async def add_term(tx: Tx, organisation_id: str, term: Term) -> None:
    await tx.execute(
        "insert into entitlement_terms (organisation_id, id, entitlement_id, kind, product_id, price_id, quantity, "
        "start_time, end_time, created) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id, term.id, term.entitlement_id, term.kind, term.product_id, term.price_id, term.quantity,
            term.start, term.end, term.created,
        ),
    )  # fmt: skip


async def terms_of(tx: Tx, entitlement_id: str) -> Sequence[Term]:
    """Oldest first."""
    rows = await tx.execute(
        "select * from entitlement_terms where entitlement_id = %s order by created, id", (entitlement_id,)
    )
    return [
        Term(
            r["id"], r["entitlement_id"], r["kind"], r["product_id"], r["price_id"], r["quantity"], r["start_time"],
            r["end_time"], r["created"],
        )
        async for r in rows
    ]  # fmt: skip


async def held(tx: Tx, organisation_id: str) -> tuple[Tally, Tally]:
    """Entitlements, and the notices recorded of them."""
    return (
        await tally(tx, "entitlements", organisation_id),
        await tally(tx, "entitlement_notices", organisation_id),
    )


async def forget(tx: Tx, organisation_id: str) -> int:
    """Erase all of the organisation's, with terms and notices; returns how many entitlements there were."""
    return (await tx.execute("delete from entitlements where organisation_id = %s", (organisation_id,))).rowcount


def entitlement_of(row: Mapping[str, Any]) -> Entitlement:
    """A whole row as what the room hands out."""
    return Entitlement(
        id=row["id"],
        organisation_id=row["organisation_id"],
        livemode=row["livemode"],
        account_id=row["account_id"],
        kind=row["kind"],
        source=Source(row["source_object"], row["source_id"], row["source_part"]),
        status=row["status"],
        name=row["name"],
        named=row["named"],
        held=row["held"],
        buyer_id=row["buyer_id"],
        buyer_name=row["buyer_name"],
        buyer_email=row["buyer_email"],
        product_id=row["product_id"],
        product_name=row["product_name"],
        price_id=row["price_id"],
        start=row["start_time"],
        end=row["end_time"],
        renews=row["renews"],
        info=row["info"],
        meta=row["meta"],
        notice_days=row["notice_days"],
        notices=row["notices"],
        check=row["check_at"],
        version=row["version"],
        created=row["created"],
        updated=row["updated"],
    )


def _values(e: Entitlement) -> tuple[Any, ...]:
    return (
        e.id, e.organisation_id, e.livemode, e.account_id, e.kind, e.source.object, e.source.id, e.source.part,
        e.status, e.name, e.named, e.held, e.buyer_id, e.buyer_name, e.buyer_email, e.product_id, e.product_name,
        e.price_id, e.start, e.end, e.renews, Jsonb(e.info), Jsonb(e.meta), e.notice_days, e.notices, e.check,
        e.version, e.created, e.updated,
    )  # fmt: skip
