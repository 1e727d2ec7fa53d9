"""The members' and invitations' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from tillwright.domains.tenancy.people.model import Invitation, Member
from tillwright.gateways.database import Tx

_MEMBER: LiteralString = (
    "select m.user_id, u.email, u.name, m.role, m.created as joined, (select max(s.seen) from sessions s "
    "where s.user_id = m.user_id and s.organisation_id = m.organisation_id) as seen "
    "from memberships m join users u on u.id = m.user_id where m.organisation_id = %s "
)
_INVITATION: LiteralString = (
    "select organisation_id, id, email, role, invited_by, created, expires, attempts, sent, error from invitations "
)


async def members(tx: Tx, organisation_id: str) -> Sequence[Member]:
    """By name."""
    query: LiteralString = _MEMBER + "order by lower(u.name), u.id"
    return [Member(**row) for row in await (await tx.execute(query, (organisation_id,))).fetchall()]


async def member(tx: Tx, organisation_id: str, user_id: str) -> Member | None:
    query: LiteralString = _MEMBER + "and m.user_id = %s"
    row = await (await tx.execute(query, (organisation_id, user_id))).fetchone()
    return Member(**row) if row else None


async def lock_members(tx: Tx, organisation_id: str) -> None:
    """Until commit nobody else changes who is in the organisation, or as what."""
    await tx.execute("select id from organisations where id = %s for update", (organisation_id,))


async def administrators(tx: Tx, organisation_id: str) -> int:
    row = await (
        await tx.execute(
            "select count(*) as n from memberships where organisation_id = %s and role = 'ADMIN'", (organisation_id,)
        )
    ).fetchone()
    return row["n"] if row else 0


async def set_role(tx: Tx, organisation_id: str, user_id: str, role: str) -> None:
    await tx.execute(
        "update memberships set role = %s where organisation_id = %s and user_id = %s", (role, organisation_id, user_id)
    )


async def remove(tx: Tx, organisation_id: str, user_id: str) -> None:
    """Their sessions in the organisation end with it."""
    await tx.execute("delete from sessions where user_id = %s and organisation_id = %s", (user_id, organisation_id))
    await tx.execute("delete from memberships where organisation_id = %s and user_id = %s", (organisation_id, user_id))


async def forget_if_nowhere(tx: Tx, user_id: str) -> bool:
    """Delete a person who is in no organisation any more."""
    done = await tx.execute(
        "delete from users where id = %s and not exists (select 1 from memberships_of(%s))", (user_id, user_id)
    )
    return done.rowcount == 1


async def invitations(tx: Tx, organisation_id: str) -> Sequence[Invitation]:
    """Newest first, those that ran out included."""
    query: LiteralString = _INVITATION + "where organisation_id = %s order by created desc, id"
    return [Invitation(**row) for row in await (await tx.execute(query, (organisation_id,))).fetchall()]


async def invitation(tx: Tx, organisation_id: str, invitation_id: str, *, lock: bool = False) -> Invitation | None:
    query: LiteralString = _INVITATION + "where organisation_id = %s and id = %s"
    if lock:
        query += " for update"
    row = await (await tx.execute(query, (organisation_id, invitation_id))).fetchone()
    return Invitation(**row) if row else None


async def invitation_place(tx: Tx, digest: str) -> tuple[str, str] | None:
    """(organisation, id) of the invitation a link's token belongs to."""
    row = await (await tx.execute("select * from invitation_by_digest(%s)", (digest,))).fetchone()
    return (row["organisation_id"], row["id"]) if row else None


async def put_invitation(tx: Tx, invitation: Invitation, digest: str, sealed_token: bytes) -> None:
    """In place of an earlier one to the same address, whose link then no longer works."""
    await tx.execute(
        "insert into invitations (organisation_id, id, email, role, token_digest, sealed_token, invited_by, created, "
        "expires, due) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, email) do update "
        "set id = excluded.id, role = excluded.role, token_digest = excluded.token_digest, "
        "sealed_token = excluded.sealed_token, invited_by = excluded.invited_by, created = excluded.created, "
        "expires = excluded.expires, due = excluded.due, attempts = 0, sent = null, error = null, leased_until = null",
        (
            invitation.organisation_id,
            invitation.id,
            invitation.email,
            invitation.role,
            digest,
            sealed_token,
            invitation.invited_by,
            invitation.created,
            invitation.expires,
            invitation.created,
        ),
    )


async def delete_invitation(tx: Tx, organisation_id: str, invitation_id: str) -> None:
    await tx.execute("delete from invitations where organisation_id = %s and id = %s", (organisation_id, invitation_id))


async def due(tx: Tx, at: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """(organisation, id) of invitations whose mail can be handed over, over all organisations."""
    rows = await (await tx.execute("select * from invitations_due(%s, %s)", (at, limit))).fetchall()
    return [(row["organisation_id"], row["id"]) for row in rows]


async def lease(tx: Tx, organisation_id: str, invitation_id: str, at: datetime, until: datetime) -> bytes | None:
    """The sealed token, for one attempt; None if there is nothing to send or somebody else is at it."""
    row: dict[str, Any] | None = await (
        await tx.execute(
            "update invitations set leased_until = %s, attempts = attempts + 1 where organisation_id = %s and id = %s "
            "and sealed_token is not null and due <= %s and (leased_until is null or leased_until < %s) "
            "returning sealed_token",
            (until, organisation_id, invitation_id, at, at),
        )
    ).fetchone()
    return bytes(row["sealed_token"]) if row else None


async def sent(tx: Tx, organisation_id: str, invitation_id: str, at: datetime) -> None:
    """The mail server has it: from now on only the link in the mail holds the token."""
    await tx.execute(
        "update invitations set sent = %s, sealed_token = null, error = null, leased_until = null "
        "where organisation_id = %s and id = %s",
        (at, organisation_id, invitation_id),
    )


async def not_sent(tx: Tx, organisation_id: str, invitation_id: str, error: str, due: datetime | None) -> None:
    """It has not; `due` is when to try again, None for never."""
    await tx.execute(
        "update invitations set error = %s, due = coalesce(%s, due), leased_until = null, "
        "sealed_token = case when %s::timestamptz is null then null else sealed_token end "
        "where organisation_id = %s and id = %s",
        (error, due, due, organisation_id, invitation_id),
    )
