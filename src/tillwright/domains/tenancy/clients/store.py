"""The API clients' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains.tenancy.model import ApiClient
from tillwright.gateways.database import Tx

Row = dict[str, Any]


async def lock(tx: Tx, organisation_id: str) -> int:
    """How many there are, held until commit so that two makers can't pass the limit together."""
    await tx.execute("select id from organisations where id = %s for update", (organisation_id,))
    row = await (
        await tx.execute("select count(*) as n from api_clients where organisation_id = %s", (organisation_id,))
    ).fetchone()
    return row["n"] if row else 0


async def insert(tx: Tx, organisation_id: str, client: ApiClient, digest: str) -> None:
    await tx.execute(
        "insert into api_clients (organisation_id, id, name, role, key_digest, hint, created_by, created, updated) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id,
            client.id,
            client.name,
            client.role,
            digest,
            client.hint,
            client.created_by,
            client.created,
            client.updated,
        ),
    )


async def all_of(tx: Tx, organisation_id: str) -> Sequence[ApiClient]:
    """Oldest first."""
    rows = await (
        await tx.execute(
            "select id, name, role, hint, created_by, created, updated, last_used from api_clients "
            "where organisation_id = %s order by created, id",
            (organisation_id,),
        )
    ).fetchall()
    return [ApiClient(**row) for row in rows]


async def delete(tx: Tx, organisation_id: str, client_id: str) -> None:
    """Its tokens go with it."""
    await tx.execute("delete from api_clients where organisation_id = %s and id = %s", (organisation_id, client_id))


async def replace_key(tx: Tx, organisation_id: str, client: ApiClient, digest: str) -> None:
    await tx.execute(
        "update api_clients set key_digest = %s, hint = %s, updated = %s where organisation_id = %s and id = %s",
        (digest, client.hint, client.updated, organisation_id, client.id),
    )


async def by_digest(tx: Tx, digest: str) -> Row | None:
    return await (await tx.execute("select * from api_client_by_digest(%s)", (digest,))).fetchone()


async def by_token(tx: Tx, digest: str, at: datetime) -> Row | None:
    """Whose a token is; None if it is unknown or over."""
    return await (await tx.execute("select * from api_client_by_token(%s, %s)", (digest, at))).fetchone()


async def touch(tx: Tx, organisation_id: str, client_id: str, at: datetime) -> None:
    """Note the use, at most once a minute so that reads stay reads."""
    await tx.execute(
        "update api_clients set last_used = %s where organisation_id = %s and id = %s "
        "and (last_used is null or last_used < %s)",
        (at, organisation_id, client_id, at - timedelta(minutes=1)),
    )


async def insert_token(
    tx: Tx, organisation_id: str, client_id: str, digest: str, at: datetime, expires: datetime
) -> None:
    await tx.execute("delete from access_tokens where organisation_id = %s and expires <= %s", (organisation_id, at))
    await tx.execute(
        "insert into access_tokens (organisation_id, digest, client_id, created, expires) values (%s, %s, %s, %s, %s)",
        (organisation_id, digest, client_id, at, expires),
    )


async def end_tokens(tx: Tx, organisation_id: str, client_id: str) -> None:
    await tx.execute(
        "delete from access_tokens where organisation_id = %s and client_id = %s", (organisation_id, client_id)
    )
