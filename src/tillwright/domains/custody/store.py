"""The only SQL that touches sealed values of every room: they are sealed anew, and never opened for anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psycopg import sql

from tillwright.domains.custody.columns import Sealed
from tillwright.gateways.database import Tx

Renew = Callable[[bytes, str, str], bytes]
"""(blob, partner, purpose) → the same secret under the present master key."""


async def organisation_ids(tx: Tx) -> Sequence[str]:
    return [row["id"] async for row in await tx.execute("select id from organisation_ids()")]


async def renew(tx: Tx, organisation_id: str, place: Sealed, present: bytes, renewed: Renew, limit: int) -> int:
    """Seal some of a column's values anew, those that do not begin with `present`; returns how many."""
    rows = await tx.execute(
        sql.SQL(
            "select {column} as blob, {partner} as partner, {purpose} as purpose from {table} "
            "where {owner} and octet_length({column}) > 0 and substring({column} from 1 for %s) <> %s "
            "limit %s for no key update"
        ).format(**_parts(place)),
        (organisation_id, len(present), present, limit),
    )
    found = [(bytes(row["blob"]), row["partner"], row["purpose"]) async for row in rows]
    for blob, partner, purpose in found:
        # By its bytes: each seal has nonces of its own, so no other row holds the same.
        await tx.execute(
            sql.SQL("update {table} set {column} = %s where {owner} and {column} = %s").format(**_parts(place)),
            (renewed(blob, partner, purpose), organisation_id, blob),
        )
    return len(found)


async def beginnings(tx: Tx, organisation_id: str, place: Sealed, length: int) -> Sequence[tuple[bytes, int]]:
    """(the first bytes of a seal, how many values begin with them)."""
    rows = await tx.execute(
        sql.SQL(
            "select substring({column} from 1 for %s) as beginning, count(*) as n from {table} "
            "where {owner} and octet_length({column}) > 0 group by 1"
        ).format(**_parts(place)),
        (length, organisation_id),
    )
    return [(bytes(row["beginning"]), row["n"]) async for row in rows]


async def horizon(tx: Tx) -> tuple[int, int]:
    """(the oldest transaction still open, this one: every one that has written until now is below it)."""
    row = await (
        await tx.execute(
            "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest, "
            "pg_current_xact_id()::text::bigint as next"
        )
    ).fetchone()
    assert row is not None
    return row["oldest"], row["next"]


def _parts(place: Sealed) -> dict[str, sql.Composable]:
    return {
        "table": sql.Identifier(place.table),
        "column": sql.Identifier(place.column),
        "partner": sql.SQL(place.partner),
        "purpose": sql.SQL(place.purpose),
        "owner": sql.SQL("%s = ''" if place.everybodys else "organisation_id = %s"),
    }
