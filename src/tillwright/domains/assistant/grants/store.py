"""The grants' only SQL. Codes and tokens are looked up by their digest; none of them stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.assistant.grants.model import Grant
from tillwright.gateways.database import Tally, Tx, tally

_UNUSED_FOR = timedelta(days=90)


async def put_program(tx: Tx, program_id: str, name: str, sealed: bytes, at: datetime) -> None:
    await tx.execute("delete from assistant_programs where used < %s", (at - _UNUSED_FOR,))
    await tx.execute(
        "insert into assistant_programs (id, name, sealed, created, used) values (%s, %s, %s, %s, %s)",
        (program_id, name, sealed, at, at),
    )


async def programs_since(tx: Tx, since: datetime) -> int:
    query = "select count(*) as n from assistant_programs where created > %s"
    row = await (await tx.execute(query, (since,))).fetchone()
    return row["n"] if row else 0


async def program(tx: Tx, program_id: str, at: datetime) -> dict[str, Any] | None:
    """`name` and `sealed`."""
    return await (
        await tx.execute(
            "update assistant_programs set used = %s where id = %s returning name, sealed", (at, program_id)
        )
    ).fetchone()


async def put_request(tx: Tx, digest: str, program_id: str, asked: dict[str, Any], expires: datetime) -> None:
    await tx.execute(
        "insert into assistant_requests (digest, program_id, asked, expires) values (%s, %s, %s, %s)",
        (digest, program_id, Jsonb(asked), expires),
    )


async def request(tx: Tx, digest: str, at: datetime, *, take: bool = False) -> dict[str, Any] | None:
    """What was asked; with `take` it is gone after this."""
    await tx.execute("delete from assistant_requests where expires < %s", (at,))
    if take:
        cursor = await tx.execute("delete from assistant_requests where digest = %s returning asked", (digest,))
    else:
        cursor = await tx.execute("select asked from assistant_requests where digest = %s", (digest,))
    row = await cursor.fetchone()
    return row["asked"] if row else None


async def insert(tx: Tx, grant: Grant) -> None:
    await tx.execute(
        "insert into assistant_grants (organisation_id, id, user_id, user_name, program_id, program_name, via, "
        "livemode, resource, redirect_uri, code_digest, code_challenge, code_expires, created) values "
        "(%(organisation_id)s, %(id)s, %(user_id)s, %(user_name)s, %(program_id)s, %(program_name)s, %(via)s, "
        "%(livemode)s, %(resource)s, %(redirect_uri)s, %(code_digest)s, %(code_challenge)s, %(code_expires)s, "
        "%(created)s)",
        asdict(grant),
    )


async def place_of(tx: Tx, digest: str) -> tuple[str, str] | None:
    """The organisation and id of the grant that a code or token belongs to."""
    row = await (await tx.execute("select * from assistant_grant_of(%s)", (digest,))).fetchone()
    return (row["organisation_id"], row["id"]) if row else None


async def find(tx: Tx, organisation_id: str, grant_id: str) -> Grant | None:
    """Locked until the transaction ends."""
    row = await (
        await tx.execute(
            "select * from assistant_grants where organisation_id = %s and id = %s for update",
            (organisation_id, grant_id),
        )
    ).fetchone()
    return Grant(**row) if row else None


async def of_user(tx: Tx, organisation_id: str, user_id: str) -> Sequence[Grant]:
    """Those that were taken up, the newest first."""
    return [each for each in await all_of_user(tx, organisation_id, user_id) if each.code_used is not None]


async def all_of_user(tx: Tx, organisation_id: str, user_id: str) -> Sequence[Grant]:
    """Those whose code was not brought yet, too; the newest first."""
    rows = await (
        await tx.execute(
            "select * from assistant_grants where organisation_id = %s and user_id = %s order by created desc, id desc",
            (organisation_id, user_id),
        )
    ).fetchall()
    return [Grant(**row) for row in rows]


async def hand_out(
    tx: Tx, grant: Grant, *, access: str, access_until: datetime, refresh: str, refresh_until: datetime, at: datetime
) -> None:
    """Digests of new tokens in place of those before; the refresh token before is remembered, to know a thief by."""
    await tx.execute(
        "update assistant_grants set code_used = coalesce(code_used, %s), access_digest = %s, access_expires = %s, "
        "earlier_refresh_digest = refresh_digest, refresh_digest = %s, refresh_expires = %s "
        "where organisation_id = %s and id = %s",
        (at, access, access_until, refresh, refresh_until, grant.organisation_id, grant.id),
    )


async def touch(tx: Tx, grant: Grant, at: datetime) -> None:
    await tx.execute(
        "update assistant_grants set used = %s where organisation_id = %s and id = %s and (used is null or used < %s)",
        (at, grant.organisation_id, grant.id, at - timedelta(minutes=1)),
    )


async def delete(tx: Tx, organisation_id: str, grant_id: str) -> bool:
    done = await tx.execute(
        "delete from assistant_grants where organisation_id = %s and id = %s", (organisation_id, grant_id)
    )
    return done.rowcount == 1


async def held(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "assistant_grants", organisation_id)


async def forget(tx: Tx, organisation_id: str) -> int:
    done = await tx.execute("delete from assistant_grants where organisation_id = %s", (organisation_id,))
    return done.rowcount
