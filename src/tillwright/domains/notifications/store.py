"""The outbox's only SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from tillwright.domains.notifications.model import Message, MessageState
from tillwright.gateways.database import Tx

_FIELDS = [field.name for field in fields(Message)]


def _message(row: Mapping[str, Any]) -> Message:
    values = {name: row[name] for name in _FIELDS}
    values["state"] = MessageState(row["state"])
    return Message(**values)


async def add(tx: Tx, message: Message) -> None:
    """Put a message in, unless one with its key is there."""
    await tx.execute(
        "insert into notification_messages (organisation_id, id, key, message_id, recipient, subject, text, html, "
        "state, due, created) values (%(organisation_id)s, %(id)s, %(key)s, %(message_id)s, %(recipient)s, "
        "%(subject)s, %(text)s, %(html)s, %(state)s, %(due)s, %(created)s) "
        "on conflict (organisation_id, key) do nothing",
        vars(message),
    )


async def by_key(tx: Tx, organisation_id: str, key: str) -> Message | None:
    row = await (
        await tx.execute(
            "select * from notification_messages where organisation_id = %s and key = %s", (organisation_id, key)
        )
    ).fetchone()
    return _message(row) if row else None


async def by_id(tx: Tx, organisation_id: str, message_id: str) -> Message | None:
    row = await (
        await tx.execute(
            "select * from notification_messages where organisation_id = %s and id = %s", (organisation_id, message_id)
        )
    ).fetchone()
    return _message(row) if row else None


async def lease(tx: Tx, organisation_id: str, message_id: str, now: datetime, until: datetime) -> Message | None:
    """Take one attempt at a message; None if it is over, not due, or being attempted by somebody else."""
    row = await (
        await tx.execute(
            "update notification_messages set leased_until = %s, attempts = attempts + 1 "
            "where organisation_id = %s and id = %s and state = 'PENDING' and due <= %s "
            "and (leased_until is null or leased_until < %s) returning *",
            (until, organisation_id, message_id, now, now),
        )
    ).fetchone()
    return _message(row) if row else None


async def settle(
    tx: Tx, message: Message, state: MessageState, *, due: datetime, error: str | None, sent: datetime | None
) -> None:
    """End an attempt. What was sent stays sent, whatever a slower attempt says."""
    await tx.execute(
        "update notification_messages set state = %s, due = %s, error = %s, sent = %s, leased_until = null "
        "where organisation_id = %s and id = %s and state <> 'SENT'",
        (state, due, error, sent, message.organisation_id, message.id),
    )


async def due(tx: Tx, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """(organisation, message) of what can be attempted, over all organisations."""
    rows = await (await tx.execute("select organisation_id, id from messages_due(%s, %s)", (now, limit))).fetchall()
    return [(row["organisation_id"], row["id"]) for row in rows]


async def page(tx: Tx, organisation_id: str, *, before: tuple[datetime, str] | None, limit: int) -> Sequence[Message]:
    """Messages, newest first, older than `before`."""
    rows = await (
        await tx.execute(
            "select * from notification_messages where organisation_id = %s and (%s::timestamptz is null "
            "or (created, id) < (%s::timestamptz, %s)) order by created desc, id desc limit %s",
            (organisation_id, *((before[0], *before) if before else (None, None, None)), limit),
        )
    ).fetchall()
    return [_message(row) for row in rows]
