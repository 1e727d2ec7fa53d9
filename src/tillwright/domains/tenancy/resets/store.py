"""The resets' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tillwright.gateways.database import Tx

Row = dict[str, Any]


async def asked_since(tx: Tx, email: str | None, since: datetime) -> int:
    """How often this address was asked for, or any if None."""
    row = await (
        await tx.execute(
            "select count(*) as n from password_resets where (%s::text is null or email = %s) and asked > %s",
            (email, email, since),
        )
    ).fetchone()
    return row["n"] if row else 0


async def ask(tx: Tx, reset_id: str, email: str, at: datetime, before: datetime) -> None:
    """Keep it for the worker, and drop those from before then."""
    await tx.execute("delete from password_resets where asked < %s", (before,))
    await tx.execute(
        "insert into password_resets (id, email, asked, due) values (%s, %s, %s, %s)", (reset_id, email, at, at)
    )


async def due(tx: Tx, at: datetime, until: datetime, limit: int) -> Sequence[Row]:
    """Take those that are due until then; nobody else has them meanwhile."""
    return await (
        await tx.execute(
            "update password_resets set due = %s, attempts = attempts + 1 where id in (select id from password_resets "
            "where due <= %s order by due limit %s for update skip locked) returning *",
            (until, at, limit),
        )
    ).fetchall()


async def put_link(tx: Tx, reset_id: str, user_id: str, digest: str, expires: datetime) -> None:
    """The link that works from now on in place of an earlier one."""
    await tx.execute(
        "update password_resets set user_id = %s, token_digest = %s, expires = %s where id = %s",
        (user_id, digest, expires, reset_id),
    )


async def put_off(tx: Tx, reset_id: str, due: datetime | None) -> None:
    """None: there is no more to be sent."""
    await tx.execute("update password_resets set due = %s where id = %s", (due, reset_id))


async def by_digest(tx: Tx, digest: str, at: datetime, *, lock: bool = False) -> Row | None:
    """Whose link it is, held until commit if `lock`."""
    if lock:
        await tx.execute("select id from password_resets where token_digest = %s for update", (digest,))
    return await (
        await tx.execute(
            "select r.id, u.id as user_id, u.email, u.name from password_resets r join users u on u.id = r.user_id "
            "where r.token_digest = %s and r.expires > %s",
            (digest, at),
        )
    ).fetchone()


async def user(tx: Tx, user_id: str) -> Row | None:
    return await (await tx.execute("select * from users where id = %s", (user_id,))).fetchone()


async def put_password(tx: Tx, user_id: str, password_hash: str) -> None:
    """The new one; every link of the person's is over, and so is every link that would come for the address."""
    await tx.execute("update users set password_hash = %s where id = %s", (password_hash, user_id))
    await tx.execute(
        "update password_resets set due = null, token_digest = null, expires = null "
        "where user_id = %s or email = (select email from users where id = %s)",
        (user_id, user_id),
    )


async def end_sessions(tx: Tx, user_id: str, but: str | None = None) -> int:
    """End the person's sessions, in whichever organisation, but one; returns how many."""
    done = await tx.execute(
        "delete from sessions where user_id = %s and (%s::text is null or id <> %s)", (user_id, but, but)
    )
    return done.rowcount
