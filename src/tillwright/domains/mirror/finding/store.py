"""The only SQL that looks for mirrored objects by a condition of `kit.query`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from tillwright.domains.mirror.finding.amounts import Amounts
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.store import as_object
from tillwright.gateways.database import Tx
from tillwright.kit.query import Where

_FEW = 2000
"""Objects that are looked at one by one rather than all of their type in order."""


async def find(
    tx: Tx,
    livemode: bool,
    object_types: Sequence[str],
    where: Where,
    order: LiteralString,
    limit: int,
    offset: int,
    *,
    only: Mapping[str, LiteralString] | None = None,
    counted: bool = True,
) -> tuple[Sequence[MirrorObject], int]:
    """One cut of what the condition picks, and how many it picks in all: if not counted, how many are known of."""
    where = await _narrowed(tx, where)
    # A type at a time: an index gives one type in its order, and several types in none.
    beside: Mapping[str, LiteralString] = only or {}
    one: LiteralString = "from mirror_objects where livemode = %s and object = %s and not deleted and " + where.sql
    parts: list[LiteralString] = [
        "(select * " + one + _also(beside, name) + " order by " + order + " limit %s)" for name in object_types
    ]
    between: LiteralString = " union all "
    all_of_them: LiteralString = between.join(parts)
    values = [value for name in object_types for value in (livemode, name, *where.values, limit + offset)]
    rows = await tx.execute(
        f"select * from ({all_of_them}) mirror_objects order by {order} limit %s offset %s",  # noqa: S608 - the texts above
        (*values, limit, offset),
    )
    found = [as_object(row) async for row in rows]
    if not counted or (offset == 0 and len(found) < limit):
        return found, offset + len(found)
    if where.sql == "true" and not beside:  # counted as they are written: a million are not counted again for each page
        asked = await tx.execute(
            "select coalesce(sum(present), 0)::bigint as n from mirror_counts where livemode = %s and object = any(%s)",
            (livemode, list(object_types)),
        )
    elif where.counter and len(object_types) == 1:
        counter, value = where.counter
        asked = await tx.execute(f"select {counter}(%s, %s) as n", (livemode, value))
    else:
        counts: list[LiteralString] = ["(select count(*) " + one + _also(beside, name) + ")" for name in object_types]
        plus: LiteralString = " + "
        asked = await tx.execute(
            "select " + plus.join(counts) + " as n",
            [value for name in object_types for value in (livemode, name, *where.values)],
        )
    row = await asked.fetchone()
    return found, row["n"] if row else 0


def _also(only: Mapping[str, LiteralString], object_type: str) -> LiteralString:
    return " and " + only[object_type] if object_type in only else ""


async def _narrowed(tx: Tx, where: Where) -> Where:
    """The same condition with the ids that it can be about at most, where an index knows few of them."""
    for finder, value in where.sought:
        rows = await tx.execute(f"select id from {finder}(%s, %s)", (value, _FEW + 1))  # noqa: S608 - named by a view
        ids = [row["id"] async for row in rows]
        if len(ids) <= _FEW:
            return Where("id = any(%s) and (" + where.sql + ")", (ids, *where.values))
    return where


async def of_intents(tx: Tx, livemode: bool, object_type: str, intents: Sequence[str]) -> Sequence[MirrorObject]:
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = %s and id in "
        "(select id from mirror_of_intents(%s, %s, %s)) order by created desc, id desc",
        (livemode, object_type, livemode, object_type, list(intents)),
    )
    return [as_object(row) async for row in rows]


async def invoice_links(
    tx: Tx, livemode: bool, intents: Sequence[str], invoices: Sequence[str]
) -> Sequence[tuple[str, str]]:
    rows = await tx.execute(
        "select intent, invoice from mirror_invoice_links(%s, %s, %s)", (livemode, list(intents), list(invoices))
    )
    return [(row["intent"], row["invoice"]) async for row in rows]


async def payments_of_amount(
    tx: Tx, livemode: bool, wanted: Amounts, before: tuple[datetime, str] | None, limit: int
) -> Sequence[MirrorObject]:
    """Payment intents of an amount, newest first, that come after `before` in that order."""
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = 'payment_intent' and id in "
        "(select id from mirror_payments_of_amount(%s, %s, %s, %s, %s, %s, %s)) order by created desc, id desc",
        (
            livemode,
            livemode,
            wanted.texts,
            sorted(wanted.odd),
            wanted.pairs,
            *(before or (None, None)),
            limit,
        ),
    )
    return [as_object(row) async for row in rows]


async def of_customers(
    tx: Tx,
    livemode: bool,
    object_type: str,
    customers: Sequence[str],
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[MirrorObject]:
    """Objects of any of these customers, newest first, that come after `before` in that order."""
    after: LiteralString = " and (created, id) < (%s, %s)" if before else ""
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = %s and customer = any(%s) and not deleted"  # noqa: S608 - the text above
        + after
        + " order by created desc, id desc limit %s",
        (livemode, object_type, list(customers), *(before or ()), limit),
    )
    return [as_object(row) async for row in rows]


async def of_ids(tx: Tx, livemode: bool, object_type: str, ids: Sequence[str]) -> Sequence[MirrorObject]:
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = %s and id = any(%s)",
        (livemode, object_type, list(ids)),
    )
    return [as_object(row) async for row in rows]


async def of_coupon(tx: Tx, livemode: bool, object_type: str, coupon: str, limit: int) -> Sequence[MirrorObject]:
    rows = await tx.execute(
        "select * from mirror_objects where livemode = %s and object = %s and id in "
        "(select id from mirror_of_coupon(%s, %s, %s, %s)) order by created desc, id desc",
        (livemode, object_type, livemode, object_type, coupon, limit),
    )
    return [as_object(row) async for row in rows]


async def ids_of_customer(tx: Tx, livemode: bool, customer: str, limit: int) -> Sequence[str]:
    rows = await tx.execute(
        "select id from mirror_objects where livemode = %s and customer = %s order by created desc, id desc limit %s",
        (livemode, customer, limit),
    )
    return [row["id"] async for row in rows]
