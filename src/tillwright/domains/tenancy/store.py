"""The tenants' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from tillwright.domains.tenancy.model import Organisation, Refused, SignedIn
from tillwright.gateways.database import Tx

Row = dict[str, Any]


async def insert_organisation(tx: Tx, organisation_id: str, name: str, at: datetime) -> None:
    await tx.execute("insert into organisations (id, name, created) values (%s, %s, %s)", (organisation_id, name, at))


async def insert_user(tx: Tx, user_id: str, email: str, name: str, password_hash: str, at: datetime) -> bool:
    """False if the address is taken."""
    cursor = await tx.execute(
        "insert into users (id, email, name, password_hash, created) values (%s, %s, %s, %s, %s) "
        "on conflict (email) do nothing",
        (user_id, email, name, password_hash, at),
    )
    return cursor.rowcount == 1


async def user_by_email(tx: Tx, email: str) -> Row | None:
    return await (await tx.execute("select * from users where email = %s", (email,))).fetchone()


async def address_of(tx: Tx, user_id: str) -> str | None:
    row = await (await tx.execute("select email from users where id = %s", (user_id,))).fetchone()
    return row["email"] if row else None


async def addresses_of(tx: Tx, organisation_id: str, roles: Sequence[str]) -> Sequence[str]:
    rows = await tx.execute(
        "select u.email from memberships m join users u on u.id = m.user_id "
        "where m.organisation_id = %s and m.role = any(%s) order by lower(u.name), u.id",
        (organisation_id, list(roles)),
    )
    return [row["email"] for row in await rows.fetchall()]


async def insert_membership(tx: Tx, organisation_id: str, user_id: str, role: str, at: datetime) -> None:
    await tx.execute(
        "insert into memberships (organisation_id, user_id, role, created) values (%s, %s, %s, %s)",
        (organisation_id, user_id, role, at),
    )


async def memberships(tx: Tx, user_id: str) -> Sequence[Organisation]:
    rows = await (await tx.execute("select * from memberships_of(%s)", (user_id,))).fetchall()
    return [Organisation(r["organisation_id"], r["organisation_name"], r["time_zone"], r["role"]) for r in rows]


async def count_users(tx: Tx) -> int:
    row = await (await tx.execute("select count(*) as n from users")).fetchone()
    return row["n"] if row else 0


async def organisation_ids(tx: Tx) -> Sequence[str]:
    return [row["id"] for row in await (await tx.execute("select id from organisation_ids()")).fetchall()]


async def insert_session(
    tx: Tx, session_id: str, digest: str, user_id: str, organisation_id: str, at: datetime, life: timedelta, agent: str
) -> None:
    await tx.execute("delete from sessions where expires < %s", (at,))
    await tx.execute(
        "insert into sessions (id, token_digest, user_id, organisation_id, created, seen, expires, agent) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (session_id, digest, user_id, organisation_id, at, at, at + life, agent),
    )


async def put_off_ends(tx: Tx, seconds: float) -> None:
    await tx.execute("update sessions set expires = expires + make_interval(secs => %s)", (seconds,))


async def session_by_digest(tx: Tx, digest: str, at: datetime) -> Row | None:
    return await (
        await tx.execute(
            "select s.id, s.user_id, s.organisation_id, s.expires, s.seen, u.email, u.name "
            "from sessions s join users u on u.id = s.user_id where s.token_digest = %s and s.expires > %s",
            (digest, at),
        )
    ).fetchone()


async def touch_session(tx: Tx, session_id: str, at: datetime) -> None:
    await tx.execute("update sessions set seen = %s where id = %s", (at, session_id))


async def move_session(tx: Tx, digest: str, organisation_id: str) -> None:
    await tx.execute("update sessions set organisation_id = %s where token_digest = %s", (organisation_id, digest))


_SIGNED_IN: LiteralString = (
    "select s.id, s.user_id, u.email, u.name, s.organisation_id, s.created, s.seen, s.expires, s.agent "
    "from sessions s join users u on u.id = s.user_id "
)


async def sessions_of_user(tx: Tx, user_id: str, at: datetime) -> Sequence[SignedIn]:
    """Those that are not over, last seen first."""
    query: LiteralString = _SIGNED_IN + "where s.user_id = %s and s.expires > %s order by s.seen desc, s.id"
    return [SignedIn(**row) for row in await (await tx.execute(query, (user_id, at))).fetchall()]


async def sessions_of_organisation(tx: Tx, organisation_id: str, at: datetime) -> Sequence[SignedIn]:
    """Those that are in the organisation now and not over, last seen first."""
    query: LiteralString = _SIGNED_IN + "where s.organisation_id = %s and s.expires > %s order by s.seen desc, s.id"
    return [SignedIn(**row) for row in await (await tx.execute(query, (organisation_id, at))).fetchall()]


async def end_session(tx: Tx, session_id: str) -> None:
    await tx.execute("delete from sessions where id = %s", (session_id,))


async def organisation(tx: Tx, organisation_id: str, *, lock: bool = False) -> Row | None:
    """The organisation's row, held until commit if `lock`."""
    query: LiteralString = "select id, name, time_zone from organisations where id = %s"
    if lock:
        query += " for update"
    return await (await tx.execute(query, (organisation_id,))).fetchone()


async def update_organisation(tx: Tx, organisation_id: str, name: str, time_zone: str) -> None:
    await tx.execute(
        "update organisations set name = %s, time_zone = %s where id = %s", (name, time_zone, organisation_id)
    )


async def failures(tx: Tx, key: str, since: datetime) -> int:
    row = await (
        await tx.execute("select count from sign_in_failures where key = %s and first > %s", (key, since))
    ).fetchone()
    return row["count"] if row else 0


async def add_failure(tx: Tx, key: str, at: datetime, since: datetime) -> int:
    """Count one more; returns how many there were since then."""
    cursor = await tx.execute(
        "insert into sign_in_failures (key, count, first) values (%s, 1, %s) on conflict (key) do update set "
        "count = case when sign_in_failures.first > %s then sign_in_failures.count + 1 else 1 end, "
        "first = case when sign_in_failures.first > %s then sign_in_failures.first else excluded.first end "
        "returning count",
        (key, at, since, since),
    )
    row = await cursor.fetchone()
    return row["count"] if row else 1


async def add_refused(tx: Tx, refused: Refused, before: datetime) -> None:
    """Keep it, and drop those from before then."""
    await tx.execute("delete from refused_sign_ins where at < %s", (before,))
    await tx.execute(
        "insert into refused_sign_ins (at, address_digest, why, agent) values (%s, %s, %s, %s)",
        (refused.at, refused.address_digest, refused.why, refused.agent),
    )


async def refused(tx: Tx, limit: int) -> Sequence[Refused]:
    """Newest first."""
    rows = await (
        await tx.execute(
            "select at, address_digest, why, agent from refused_sign_ins order by at desc, id desc limit %s", (limit,)
        )
    ).fetchall()
    return [Refused(**row) for row in rows]


async def clear_failures(tx: Tx, key: str) -> None:
    await tx.execute("delete from sign_in_failures where key = %s", (key,))
