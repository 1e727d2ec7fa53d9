"""What was just read of a connected account, kept for a minute; gone with the connection. Its only SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tillwright.gateways.database import Tx


async def get(tx: Tx, organisation_id: str, connection_id: str, key: str, at: datetime) -> dict[str, Any] | None:
    """`body`, `requests` and `read`, unless it is too old."""
    return await (
        await tx.execute(
            "select body, requests, read from connection_cache "
            "where organisation_id = %s and connection_id = %s and key = %s and expires > %s",
            (organisation_id, connection_id, key, at),
        )
    ).fetchone()


async def put(
    tx: Tx,
    organisation_id: str,
    connection_id: str,
    key: str,
    *,
    body: bytes,
    requests: int,
    read: datetime,
    expires: datetime,
) -> None:
    """Nothing is kept for a connection that ended meanwhile."""
    await tx.execute(
        "insert into connection_cache (organisation_id, connection_id, key, body, requests, read, expires) "
        "select %s, id, %s, %s, %s, %s, %s from connections where organisation_id = %s and id = %s "
        "on conflict (connection_id, key) do update set body = excluded.body, requests = excluded.requests, "
        "read = excluded.read, expires = excluded.expires",
        (organisation_id, key, body, requests, read, expires, organisation_id, connection_id),
    )
