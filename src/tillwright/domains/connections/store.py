"""The connections' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from tillwright.domains.connections.model import Connection, Notice, Revocation, RevocationState, Start
from tillwright.gateways.database import Tally, Tx, tally

Due = Sequence[tuple[str, str]]
"""Organisation and id of what is to be done."""


async def insert(tx: Tx, connection: Connection) -> bool:
    """False if the user has one for the mode, or the account is linked already, be it in another organisation."""
    done = await tx.execute(
        "insert into connections (organisation_id, id, user_id, livemode, account_id, account_name, platform_id, "
        "client_id, scope, created, used, checked) values (%(organisation_id)s, %(id)s, %(user_id)s, %(livemode)s, "
        "%(account_id)s, %(account_name)s, %(platform_id)s, %(client_id)s, %(scope)s, %(created)s, %(used)s, "
        "%(checked)s) on conflict do nothing",
        asdict(connection),
    )
    return done.rowcount == 1


async def refresh(tx: Tx, connection: Connection, *, scope: str, name: str | None, at: datetime) -> None:
    """The same account was authorised again by the same user."""
    await tx.execute(
        "update connections set scope = %s, account_name = coalesce(%s, account_name), checked = %s, created = %s "
        "where organisation_id = %s and id = %s",
        (scope, name, at, at, connection.organisation_id, connection.id),
    )


async def of_user(tx: Tx, organisation_id: str, user_id: str) -> Sequence[Connection]:
    return [each for each in await all_of(tx, organisation_id) if each.user_id == user_id]


async def of_account(tx: Tx, organisation_id: str, account_id: str) -> Sequence[Connection]:
    return [each for each in await all_of(tx, organisation_id) if each.account_id == account_id]


async def all_of(tx: Tx, organisation_id: str) -> Sequence[Connection]:
    """A few for each of its people, the test one first."""
    rows = await (
        await tx.execute(
            "select * from connections where organisation_id = %s order by livemode, created, id", (organisation_id,)
        )
    ).fetchall()
    return [Connection(**row) for row in rows]


async def find(tx: Tx, organisation_id: str, connection_id: str) -> Connection | None:
    """Locked until the transaction ends."""
    row = await (
        await tx.execute(
            "select * from connections where organisation_id = %s and id = %s for update",
            (organisation_id, connection_id),
        )
    ).fetchone()
    return Connection(**row) if row else None


async def delete(tx: Tx, organisation_id: str, connection_id: str) -> bool:
    """With all that was cached of it."""
    done = await tx.execute(
        "delete from connections where organisation_id = %s and id = %s", (organisation_id, connection_id)
    )
    return done.rowcount == 1


async def touch(tx: Tx, organisation_id: str, connection_id: str, at: datetime) -> None:
    await tx.execute(
        "update connections set used = %s, checked = %s where organisation_id = %s and id = %s",
        (at, at, organisation_id, connection_id),
    )


async def check_again(tx: Tx, organisation_id: str, user_id: str | None) -> None:
    """Have a user's links (all, without one) looked at again soon."""
    await tx.execute(
        "update connections set checked = 'epoch' where organisation_id = %s and (%s::text is null or user_id = %s)",
        (organisation_id, user_id, user_id),
    )


async def to_check(tx: Tx, before: datetime, most: int) -> Due:
    rows = await (await tx.execute("select * from connections_to_check(%s, %s)", (before, most))).fetchall()
    return [(row["organisation_id"], row["id"]) for row in rows]


# --- starts ----------------------------------------------------------------------------------------------------------


async def insert_start(tx: Tx, start: Start) -> None:
    await tx.execute(
        "insert into connection_starts (organisation_id, digest, session_id, user_id, livemode, platform_id, "
        "client_id, integration_created, created, expires) values (%(organisation_id)s, %(digest)s, "
        "%(session_id)s, %(user_id)s, %(livemode)s, %(platform_id)s, %(client_id)s, %(integration_created)s, "
        "%(created)s, %(expires)s)",
        asdict(start),
    )


async def use_start(tx: Tx, organisation_id: str, digest: str, at: datetime, sealed_code: bytes | None) -> Start | None:
    """The start, used up by this; None if there is none, it was used before, or it is too old."""
    row = await (
        await tx.execute(
            "update connection_starts set used = %s, sealed_code = %s where organisation_id = %s and digest = %s "
            "and used is null and expires > %s returning *",
            (at, sealed_code, organisation_id, digest, at),
        )
    ).fetchone()
    return Start(**row) if row else None


async def lock_start(tx: Tx, organisation_id: str, digest: str) -> Start | None:
    row = await (
        await tx.execute(
            "select * from connection_starts where organisation_id = %s and digest = %s for update",
            (organisation_id, digest),
        )
    ).fetchone()
    return Start(**row) if row else None


async def settle_start(tx: Tx, organisation_id: str, digest: str) -> None:
    """What became of its code is known."""
    await tx.execute(
        "update connection_starts set sealed_code = null where organisation_id = %s and digest = %s",
        (organisation_id, digest),
    )


async def open_starts(tx: Tx, used_before: datetime, most: int) -> Due:
    rows = await (await tx.execute("select * from connection_starts_open(%s, %s)", (used_before, most))).fetchall()
    return [(row["organisation_id"], row["digest"]) for row in rows]


async def drop_old(tx: Tx, organisation_id: str, at: datetime) -> None:
    """Starts nobody can use any more, and what was cached for a while."""
    await tx.execute(
        "delete from connection_starts where organisation_id = %s and expires < %s and sealed_code is null",
        (organisation_id, at),
    )
    await tx.execute("delete from connection_cache where organisation_id = %s and expires < %s", (organisation_id, at))


# --- revocations and notices -----------------------------------------------------------------------------------------


async def insert_revocation(tx: Tx, revocation: Revocation) -> None:
    await tx.execute(
        "insert into connection_revocations (organisation_id, id, user_id, livemode, account_id, client_id, "
        "platform_id, state, tries, due, error, created) values (%(organisation_id)s, %(id)s, %(user_id)s, "
        "%(livemode)s, %(account_id)s, %(client_id)s, %(platform_id)s, %(state)s, %(tries)s, %(due)s, %(error)s, "
        "%(created)s)",
        asdict(revocation),
    )


async def revocations_due(tx: Tx, at: datetime, most: int) -> Due:
    rows = await (await tx.execute("select * from connection_revocations_due(%s, %s)", (at, most))).fetchall()
    return [(row["organisation_id"], row["id"]) for row in rows]


async def take_revocation(
    tx: Tx, organisation_id: str, revocation_id: str, at: datetime, next_at: datetime
) -> Revocation | None:
    """A due one, put off until `next_at` so that no other process tries it meanwhile."""
    row = await (
        await tx.execute(
            "update connection_revocations set tries = tries + 1, due = %s "
            "where organisation_id = %s and id = %s and state = 'PENDING' and due <= %s returning *",
            (next_at, organisation_id, revocation_id, at),
        )
    ).fetchone()
    return _revocation(row) if row else None


async def settle_revocation(
    tx: Tx, organisation_id: str, revocation_id: str, state: RevocationState, error: str | None, due: datetime
) -> None:
    await tx.execute(
        "update connection_revocations set state = %s, error = %s, due = %s where organisation_id = %s and id = %s",
        (state, error, due, organisation_id, revocation_id),
    )


async def drop_revocation(tx: Tx, organisation_id: str, account_id: str, livemode: bool) -> None:
    """The account was connected anew: nothing is owed for it any more."""
    await tx.execute(
        "delete from connection_revocations where organisation_id = %s and account_id = %s and livemode = %s",
        (organisation_id, account_id, livemode),
    )


async def revocations(tx: Tx, organisation_id: str, user_id: str | None = None) -> Sequence[Revocation]:
    """Those not done."""
    rows = await (
        await tx.execute(
            "select * from connection_revocations where organisation_id = %s and (%s::text is null or user_id = %s) "
            "and state <> 'DONE' order by created, id",
            (organisation_id, user_id, user_id),
        )
    ).fetchall()
    return [_revocation(row) for row in rows]


def _revocation(row: dict[str, Any]) -> Revocation:
    given: dict[str, Any] = dict(row)
    given["state"] = RevocationState(row["state"])
    return Revocation(**given)


async def insert_notice(tx: Tx, organisation_id: str, notice: Notice) -> None:
    await tx.execute(
        "insert into connection_notices (organisation_id, id, user_id, livemode, sentence, created) "
        "values (%(organisation_id)s, %(id)s, %(user_id)s, %(livemode)s, %(sentence)s, %(created)s)",
        asdict(notice) | {"organisation_id": organisation_id},
    )


async def notices(tx: Tx, organisation_id: str, user_id: str) -> Sequence[Notice]:
    rows = await (
        await tx.execute(
            "select id, user_id, livemode, sentence, created from connection_notices "
            "where organisation_id = %s and user_id = %s order by created desc limit 20",
            (organisation_id, user_id),
        )
    ).fetchall()
    return [Notice(**row) for row in rows]


async def drop_notices(tx: Tx, organisation_id: str, user_id: str) -> None:
    await tx.execute(
        "delete from connection_notices where organisation_id = %s and user_id = %s", (organisation_id, user_id)
    )


async def held(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "connections", organisation_id)


async def forget(tx: Tx, organisation_id: str) -> int:
    """Everything but the notices; returns how many links there were."""
    done = await tx.execute("delete from connections where organisation_id = %s", (organisation_id,))
    await tx.execute("delete from connection_starts where organisation_id = %s", (organisation_id,))
    await tx.execute("delete from connection_revocations where organisation_id = %s", (organisation_id,))
    return done.rowcount
