"""The chat's only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.assistant.chat.model import Choice, Conversation, Spent, Turn
from tillwright.gateways.database import Tally, Tx, tally


async def choice(tx: Tx, organisation_id: str) -> tuple[Choice, bytes | None] | None:
    row = await (
        await tx.execute("select * from assistant_models where organisation_id = %s", (organisation_id,))
    ).fetchone()
    if row is None:
        return None
    made = Choice(row["base"], row["model"], row["hint"], row["updated_by"], row["updated"])
    return made, bytes(row["sealed"]) if row["sealed"] else None


async def choose(tx: Tx, organisation_id: str, made: Choice, sealed: bytes | None) -> None:
    await tx.execute(
        "insert into assistant_models (organisation_id, base, model, hint, sealed, updated_by, updated) "
        "values (%s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id) do update set base = excluded.base, "
        "model = excluded.model, hint = excluded.hint, sealed = excluded.sealed, updated_by = excluded.updated_by, "
        "updated = excluded.updated",
        (organisation_id, made.base, made.model, made.hint, sealed, made.by, made.updated),
    )


async def drop_choice(tx: Tx, organisation_id: str) -> bool:
    """With its key, which is overwritten first."""
    await tx.execute("update assistant_models set sealed = '' where organisation_id = %s", (organisation_id,))
    done = await tx.execute("delete from assistant_models where organisation_id = %s", (organisation_id,))
    return done.rowcount == 1


async def begin(tx: Tx, organisation_id: str, conversation: Conversation) -> None:
    await tx.execute(
        "insert into assistant_conversations (organisation_id, id, user_id, title, via, livemode, created, updated) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id,
            conversation.id,
            conversation.user_id,
            conversation.title,
            conversation.via,
            conversation.livemode,
            conversation.created,
            conversation.updated,
        ),
    )


async def conversations(tx: Tx, organisation_id: str, user_id: str, livemode: bool) -> Sequence[Conversation]:
    rows = await (
        await tx.execute(
            "select id, user_id, title, via, livemode, created, updated from assistant_conversations "
            "where organisation_id = %s and user_id = %s and livemode = %s order by updated desc, id desc limit 50",
            (organisation_id, user_id, livemode),
        )
    ).fetchall()
    return [Conversation(**row) for row in rows]


async def find(tx: Tx, organisation_id: str, user_id: str, conversation_id: str) -> Conversation | None:
    found = await (
        await tx.execute(
            "select id, user_id, title, via, livemode, created, updated from assistant_conversations "
            "where organisation_id = %s and user_id = %s and id = %s",
            (organisation_id, user_id, conversation_id),
        )
    ).fetchone()
    return Conversation(**found) if found else None


async def delete(tx: Tx, organisation_id: str, user_id: str, conversation_id: str) -> bool:
    done = await tx.execute(
        "delete from assistant_conversations where organisation_id = %s and user_id = %s and id = %s",
        (organisation_id, user_id, conversation_id),
    )
    return done.rowcount == 1


async def add(tx: Tx, organisation_id: str, conversation_id: str, turns: Sequence[Turn], at: datetime) -> bool:
    """Append in order; False if the conversation was deleted meanwhile."""
    done = await tx.execute(
        "update assistant_conversations set updated = %s where organisation_id = %s and id = %s",
        (at, organisation_id, conversation_id),
    )
    if done.rowcount != 1:
        return False
    for turn in turns:
        await tx.execute(
            "insert into assistant_turns (organisation_id, conversation_id, role, body, created) "
            "values (%s, %s, %s, %s, %s)",
            (organisation_id, conversation_id, turn.role, Jsonb(turn.body), at),
        )
    return True


async def turns(tx: Tx, organisation_id: str, conversation_id: str) -> Sequence[Turn]:
    rows = await (
        await tx.execute(
            "select role, body from assistant_turns where organisation_id = %s and conversation_id = %s "
            "order by number",
            (organisation_id, conversation_id),
        )
    ).fetchall()
    return [Turn(row["role"], row["body"]) for row in rows]


async def held(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "assistant_conversations", organisation_id)


async def forget(
    tx: Tx, organisation_id: str, user_id: str | None = None, via: str | None = None, livemode: bool | None = None
) -> int:
    """Conversations of a user, kind and mode; None is everybody, every kind, both modes."""
    done = await tx.execute(
        "delete from assistant_conversations where organisation_id = %s and (%s::text is null or user_id = %s) "
        "and (%s::text is null or via = %s) and (%s::boolean is null or livemode = %s)",
        (organisation_id, user_id, user_id, via, via, livemode, livemode),
    )
    return done.rowcount


async def spend(tx: Tx, organisation_id: str, spent: Spent) -> None:
    await tx.execute(
        "insert into assistant_usage (organisation_id, hour, user_id, provider, model, read, written, count) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, hour, user_id, provider, model) "
        "do update set read = assistant_usage.read + excluded.read, "
        "written = assistant_usage.written + excluded.written, count = assistant_usage.count + excluded.count",
        (organisation_id, spent.hour, spent.user_id, spent.provider, spent.model, spent.read, spent.written,
         spent.count),
    )  # fmt: skip


async def spent(tx: Tx, organisation_id: str, since: datetime, until: datetime) -> Sequence[Spent]:
    rows: Sequence[dict[str, Any]] = await (
        await tx.execute(
            "select hour, user_id, provider, model, read, written, count from assistant_usage "
            "where organisation_id = %s and hour >= %s and hour < %s order by hour, user_id, provider, model",
            (organisation_id, since, until),
        )
    ).fetchall()
    return [Spent(**row) for row in rows]
