"""The outbox's only SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from tillwright.domains.notifications.model import Attempt, Channel, Delivery, Message, MessageState
from tillwright.gateways.database import Tx

_FIELDS = [field.name for field in fields(Message)]
_DELIVERY = [field.name for field in fields(Delivery)]


def _message(row: Mapping[str, Any]) -> Message:
    values = {name: row[name] for name in _FIELDS}
    values["state"], values["channel"] = MessageState(row["state"]), Channel(row["channel"])
    return Message(**values)


def _delivery(row: Mapping[str, Any]) -> Delivery:
    values = {name: row[name] for name in _DELIVERY}
    values["state"] = MessageState(row["state"])
    return Delivery(**values)


async def add(tx: Tx, message: Message, deliveries: Iterable[Delivery]) -> bool:
    """Put a message in with its deliveries, unless one with its key is there; returns whether it was put in."""
    done = await tx.execute(
        "insert into notification_messages (organisation_id, id, key, message_id, recipient, subject, text, html, "
        "state, due, created, channel, scope, notice_id, cc, bcc) values (%(organisation_id)s, %(id)s, %(key)s, "
        "%(message_id)s, %(recipient)s, %(subject)s, %(text)s, %(html)s, %(state)s, %(due)s, %(created)s, "
        "%(channel)s, %(scope)s, %(notice_id)s, %(cc)s, %(bcc)s) on conflict (organisation_id, key) do nothing",
        vars(message) | {"cc": list(message.cc), "bcc": list(message.bcc)},
    )
    if done.rowcount != 1:
        return False
    for delivery in deliveries:
        await tx.execute(
            "insert into notification_deliveries (organisation_id, id, message_id, part, target, state, due) "
            "values (%(organisation_id)s, %(id)s, %(message_id)s, %(part)s, %(target)s, %(state)s, %(due)s)",
            vars(delivery),
        )
    return True


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


async def deliveries(tx: Tx, organisation_id: str, message_id: str) -> Sequence[Delivery]:
    """Of one message: TO, then CC, then BCC."""
    rows = await (
        await tx.execute(
            "select * from notification_deliveries where organisation_id = %s and message_id = %s "
            "order by array_position(array['TO', 'CC', 'BCC', 'HOOK'], part), target",
            (organisation_id, message_id),
        )
    ).fetchall()
    return [_delivery(row) for row in rows]


async def attempts(tx: Tx, organisation_id: str, message_id: str) -> Sequence[Attempt]:
    """Of one message's deliveries, newest first, at most 200."""
    rows = await (
        await tx.execute(
            "select a.* from notification_attempts a join notification_deliveries d on d.id = a.delivery_id "
            "where a.organisation_id = %s and d.message_id = %s order by a.at desc, a.number desc limit 200",
            (organisation_id, message_id),
        )
    ).fetchall()
    return [
        Attempt(row["delivery_id"], row["number"], row["outcome"], row["said"], row["took"], row["at"]) for row in rows
    ]


async def lease(tx: Tx, organisation_id: str, delivery_id: str, now: datetime, until: datetime) -> Delivery | None:
    """Take one attempt at a delivery; None if it is over, not due, or being attempted by somebody else."""
    row = await (
        await tx.execute(
            "update notification_deliveries set leased_until = %s, attempts = attempts + 1 "
            "where organisation_id = %s and id = %s and state = 'PENDING' and due <= %s "
            "and (leased_until is null or leased_until < %s) returning *",
            (until, organisation_id, delivery_id, now, now),
        )
    ).fetchone()
    return _delivery(row) if row else None


async def settle(
    tx: Tx, delivery: Delivery, state: MessageState, *, due: datetime, error: str | None, settled: datetime | None
) -> None:
    """End an attempt. What was sent stays sent, whatever a slower attempt says."""
    await tx.execute(
        "update notification_deliveries set state = %s, due = %s, error = %s, settled = %s, leased_until = null "
        "where organisation_id = %s and id = %s and state <> 'SENT'",
        (state, due, error, settled, delivery.organisation_id, delivery.id),
    )


async def log(tx: Tx, organisation_id: str, attempt: Attempt) -> None:
    """Keep what an attempt came to; one attempt's number is taken once."""
    await tx.execute(
        "insert into notification_attempts (organisation_id, delivery_id, number, outcome, said, took, at) "
        "values (%s, %s, %s, %s, %s, %s, %s) on conflict (delivery_id, number) do nothing",
        (
            organisation_id, attempt.delivery_id, attempt.number, attempt.outcome, attempt.said, attempt.took,
            attempt.at,
        ),
    )  # fmt: skip


async def lock(tx: Tx, organisation_id: str, message_id: str) -> Message | None:
    """The message, so that its deliveries are added up by one at a time."""
    row = await (
        await tx.execute(
            "select * from notification_messages where organisation_id = %s and id = %s for update",
            (organisation_id, message_id),
        )
    ).fetchone()
    return _message(row) if row else None


async def add_up(tx: Tx, organisation_id: str, message_id: str) -> Message:
    """Bring the message's own state in line with its deliveries'."""
    row = await (
        await tx.execute(
            "update notification_messages m set state = d.state, attempts = d.attempts, due = d.due, error = d.error, "
            "sent = d.sent from (select case when bool_or(state = 'PENDING') then 'PENDING' "
            "when bool_or(state = 'SENT') then 'SENT' else 'FAILED' end as state, max(attempts) as attempts, "
            "coalesce(min(due) filter (where state = 'PENDING'), max(due)) as due, "
            "string_agg(distinct error, ' ') as error, max(settled) filter (where state = 'SENT') as sent "
            "from notification_deliveries where organisation_id = %s and message_id = %s) d "
            "where m.organisation_id = %s and m.id = %s returning m.*",
            (organisation_id, message_id, organisation_id, message_id),
        )
    ).fetchone()
    assert row is not None
    return _message(row)


async def settle_notice(tx: Tx, organisation_id: str, notice_id: str, now: datetime) -> None:
    """A notice is over when each message of it is: DONE if any was sent, FAILED if none was."""
    await tx.execute(
        "update notices n set state = m.state, updated = %s from (select case when bool_or(state = 'PENDING') "
        "then 'PENDING' when bool_or(state = 'SENT') then 'DONE' else 'FAILED' end as state "
        "from notification_messages where organisation_id = %s and (notice_id = %s or id in "
        "(select message_id from notification_digest_items where notice_id = %s))) m "
        "where n.organisation_id = %s and n.id = %s and m.state is not null",
        (now, organisation_id, notice_id, notice_id, organisation_id, notice_id),
    )


async def notices_of(tx: Tx, organisation_id: str, message_id: str) -> Sequence[str]:
    """The notices a message tells of: its own, or a digest's."""
    rows = await (
        await tx.execute(
            "select notice_id from notification_messages where organisation_id = %s and id = %s "
            "and notice_id is not null union select notice_id from notification_digest_items "
            "where organisation_id = %s and message_id = %s",
            (organisation_id, message_id, organisation_id, message_id),
        )
    ).fetchall()
    return [row["notice_id"] for row in rows]


async def due(tx: Tx, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """(organisation, delivery) of what can be attempted, over all organisations."""
    rows = await (await tx.execute("select organisation_id, id from deliveries_due(%s, %s)", (now, limit))).fetchall()
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


async def search(
    tx: Tx, organisation_id: str, *, keyword: str, notice_id: str | None, limit: int, offset: int
) -> tuple[Sequence[Message], int]:
    """Messages whose subject or text holds the keyword, newest first, and how many there are."""
    like = "%" + keyword.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    where = (
        "organisation_id = %s and (subject ilike %s or text ilike %s) and (%s::text is null or notice_id = %s "
        "or id in (select message_id from notification_digest_items where notice_id = %s))"
    )
    given = (organisation_id, like, like, notice_id, notice_id, notice_id)
    counted = await (
        await tx.execute(f"select count(*) as n from notification_messages where {where}", given)  # noqa: S608
    ).fetchone()
    rows = await (
        await tx.execute(
            f"select * from notification_messages where {where} "  # noqa: S608
            "order by created desc, id desc limit %s offset %s",
            (*given, limit, offset),
        )
    ).fetchall()
    assert counted is not None
    return [_message(row) for row in rows], counted["n"]
