"""The SQL of selections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from tillwright.domains.mirror.selection import where as condition
from tillwright.domains.mirror.unfolding_store import relation
from tillwright.gateways.database import Tx


@dataclass(frozen=True)
class Total:
    """How many objects in a currency, and the sum of a field in its minor units; None for what has no currency."""

    currency: str | None
    count: int
    sum: int


_TOTALS: LiteralString = (
    "select body->>'currency' as currency, count(*) as count, coalesce(sum("
    "case when jsonb_typeof(body #> %s) = 'number' then (body #>> %s)::numeric end), 0)::bigint as sum from "
)


async def select(
    tx: Tx, livemode: bool, object_type: str, where: Mapping[str, Any], *, limit: int, oldest_first: bool
) -> Sequence[dict[str, Any]]:
    """Bodies of objects that are not deleted, in the order they were created."""
    text, values = condition.sql(where)
    order: LiteralString = "created, id" if oldest_first else "created desc, id desc"
    rows = await tx.execute(
        f"select body from {relation(object_type)} where livemode = %s and object = %s and not deleted and {text} "  # noqa: S608 - constants
        f"order by {order} limit %s",
        (livemode, object_type, *values, limit),
    )
    return [row["body"] async for row in rows]


async def totals(
    tx: Tx, livemode: bool, object_type: str, where: Mapping[str, Any], field: Sequence[str]
) -> Sequence[Total]:
    text, values = condition.sql(where)
    rows = await tx.execute(
        f"{_TOTALS}{relation(object_type)} where livemode = %s and object = %s and not deleted and {text} "
        "group by 1 order by 1",
        (field, field, livemode, object_type, *values),
    )
    return [Total(row["currency"], row["count"], row["sum"]) async for row in rows]
