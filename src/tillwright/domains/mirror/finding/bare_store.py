"""The only SQL that looks for charges that no payment intent made, which are payments by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from tillwright.domains.mirror.finding.amounts import Amounts
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.mirror.store import as_object
from tillwright.gateways.database import Tx

BARE: LiteralString = "object = 'charge' and body->>'payment_intent' is null"
"""An index is over these; it is used where they stand word for word."""
_ALL: LiteralString = "select * from mirror_objects where livemode = %s and " + BARE + " and not deleted"  # noqa: S608 - constants
_NEWEST: LiteralString = " order by created desc, id desc limit %s"

Place = tuple[datetime, str] | None


async def newest(
    tx: Tx, livemode: bool, before: Place, limit: int, *, customers: Sequence[str] | None = None
) -> Sequence[MirrorObject]:
    """Those that come after `before`; of any of these customers, if any are named."""
    after: LiteralString = " and (created, id) < (%s, %s)" if before else ""
    theirs: LiteralString = " and customer = any(%s)" if customers is not None else ""
    given = (*([] if customers is None else [list(customers)]), *(before or ()))
    rows = await tx.execute(_ALL + theirs + after + _NEWEST, (livemode, *given, limit))
    return [as_object(row) async for row in rows]


async def searched(tx: Tx, livemode: bool, pattern: str, before: Place, limit: int) -> Sequence[MirrorObject]:
    rows = await tx.execute(
        _ALL + " and id in (select id from mirror_search_bare(%s, %s, %s, %s, %s))" + _NEWEST,  # noqa: S608 - constants
        (livemode, livemode, pattern, *(before or (None, None)), limit, limit),
    )
    return [as_object(row) async for row in rows]


async def of_amount(tx: Tx, livemode: bool, wanted: Amounts, before: Place, limit: int) -> Sequence[MirrorObject]:
    rows = await tx.execute(
        _ALL + " and id in (select id from mirror_bare_of_amount(%s, %s, %s, %s, %s, %s, %s))" + _NEWEST,  # noqa: S608
        (
            livemode, livemode, wanted.texts, sorted(wanted.odd), wanted.pairs, *(before or (None, None)), limit, limit,
        ),
    )  # fmt: skip
    return [as_object(row) async for row in rows]
