"""The only SQL of notices and of the one mail a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.notifications.notices.model import Notice
from tillwright.gateways.database import Tx


def _notice(row: Mapping[str, Any]) -> Notice:
    return Notice(**{name: row[name] for name in Notice.__dataclass_fields__})


async def add(tx: Tx, organisation_id: str, notice: Notice) -> bool:
    """Keep it, unless this event was answered by this scope already; returns whether it was kept."""
    done = await tx.execute(
        "insert into notices (organisation_id, id, spine_id, scope, action, entity_type, entity_id, entity_name, "
        'entity_status, partner, priority, state, title, message, "values", by_whom, happened, created, updated) '
        "values (%(organisation_id)s, %(id)s, %(spine_id)s, %(scope)s, %(action)s, %(entity_type)s, %(entity_id)s, "
        "%(entity_name)s, %(entity_status)s, %(partner)s, %(priority)s, %(state)s, %(title)s, %(message)s, %(values)s, "
        "%(by_whom)s, %(happened)s, %(created)s, %(updated)s) "
        "on conflict (organisation_id, spine_id, scope) do nothing",
        vars(notice) | {"organisation_id": organisation_id, "values": Jsonb(dict(notice.values))},
    )
    return done.rowcount == 1


async def set_state(tx: Tx, organisation_id: str, notice_id: str, state: str) -> None:
    await tx.execute(
        "update notices set state = %s where organisation_id = %s and id = %s", (state, organisation_id, notice_id)
    )


async def by_id(tx: Tx, organisation_id: str, notice_id: str) -> Notice | None:
    row = await (
        await tx.execute("select * from notices where organisation_id = %s and id = %s", (organisation_id, notice_id))
    ).fetchone()
    return _notice(row) if row else None


async def last(tx: Tx, organisation_id: str, scope: str) -> Notice | None:
    """The newest one of a scope."""
    row = await (
        await tx.execute(
            "select * from notices where organisation_id = %s and scope = %s order by created desc, id desc limit 1",
            (organisation_id, scope),
        )
    ).fetchone()
    return _notice(row) if row else None


async def page(
    tx: Tx,
    organisation_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    priorities: Sequence[str] | None = None,
    words: str = "",
    entity: tuple[str, str] | None = None,
    scope: str | None = None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Notice], int]:
    """Notices, newest first, and how many there are; `until` is not included."""
    like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    kind, one = entity or (None, None)
    where = (
        "organisation_id = %s and (%s::timestamptz is null or created >= %s) and (%s::timestamptz is null or "
        "created < %s) and (%s::text[] is null or priority = any(%s)) and (message ilike %s or title ilike %s) "
        "and (%s::text is null or entity_type = %s) and (%s::text is null or entity_id = %s) "
        "and (%s::text is null or scope = %s)"
    )
    chosen = list(priorities) if priorities is not None else None
    given = (
        organisation_id,
        since,
        since,
        until,
        until,
        chosen,
        chosen,
        like,
        like,
        kind,
        kind,
        one,
        one,
        scope,
        scope,
    )
    counted = await (await tx.execute(f"select count(*) as n from notices where {where}", given)).fetchone()  # noqa: S608
    rows = await (
        await tx.execute(
            f"select * from notices where {where} order by created desc, id desc limit %s offset %s",  # noqa: S608
            (*given, limit, offset),
        )
    ).fetchall()
    assert counted is not None
    return [_notice(row) for row in rows], counted["n"]


async def put_by(tx: Tx, organisation_id: str, notice_id: str, scope: str, due: datetime) -> None:
    """Keep a notice for the one mail a day."""
    await tx.execute(
        "insert into notification_digest_items (organisation_id, notice_id, scope, due) values (%s, %s, %s, %s) "
        "on conflict do nothing",
        (organisation_id, notice_id, scope, due),
    )


async def digests_due(tx: Tx, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """(organisation, scope) with something kept that is due, over all organisations."""
    rows = await (await tx.execute("select organisation_id, scope from digests_due(%s, %s)", (now, limit))).fetchall()
    return [(row["organisation_id"], row["scope"]) for row in rows]


async def take_digest(tx: Tx, organisation_id: str, scope: str, now: datetime, limit: int) -> Sequence[Notice]:
    """What is kept and due, oldest first, held so that nobody else takes it."""
    rows = await (
        await tx.execute(
            "select n.* from notification_digest_items i join notices n on n.id = i.notice_id "
            "where i.organisation_id = %s and i.scope = %s and i.message_id is null and i.due <= %s "
            "order by n.created, n.id limit %s for update of i skip locked",
            (organisation_id, scope, now, limit),
        )
    ).fetchall()
    return [_notice(row) for row in rows]


async def told(tx: Tx, organisation_id: str, notice_ids: Sequence[str], message_id: str) -> None:
    """Note which mail tells of them."""
    await tx.execute(
        "update notification_digest_items set message_id = %s where organisation_id = %s and notice_id = any(%s)",
        (message_id, organisation_id, list(notice_ids)),
    )


async def messages_of(tx: Tx, organisation_id: str, notice_ids: Sequence[str]) -> Sequence[tuple[str, str, str, Any]]:
    """(notice, channel, recipients, cc) of the messages that tell of these notices."""
    rows = await (
        await tx.execute(
            "select coalesce(m.notice_id, i.notice_id) as notice_id, m.channel, m.recipient, m.cc "
            "from notification_messages m left join notification_digest_items i on i.message_id = m.id "
            "and i.organisation_id = m.organisation_id where m.organisation_id = %s "
            "and coalesce(m.notice_id, i.notice_id) = any(%s) order by m.created",
            (organisation_id, list(notice_ids)),
        )
    ).fetchall()
    return [(row["notice_id"], row["channel"], row["recipient"], row["cc"]) for row in rows]
