"""The assistant's own SQL: choices and counts; what it answers from is never kept here."""

from __future__ import annotations

from datetime import datetime

from tillwright.gateways.database import Tx


async def personal(tx: Tx, organisation_id: str, user_id: str) -> bool:
    """Whether the user allows names, addresses and card digits to be shown."""
    row = await (
        await tx.execute(
            "select personal from assistant_choices where organisation_id = %s and user_id = %s",
            (organisation_id, user_id),
        )
    ).fetchone()
    return bool(row and row["personal"])


async def choose(tx: Tx, organisation_id: str, user_id: str, allowed: bool, at: datetime) -> None:
    await tx.execute(
        "insert into assistant_choices (organisation_id, user_id, personal, updated) values (%s, %s, %s, %s) "
        "on conflict (organisation_id, user_id) do update set personal = excluded.personal, updated = excluded.updated",
        (organisation_id, user_id, allowed, at),
    )


async def count(tx: Tx, organisation_id: str, user_id: str, minute: datetime, day: datetime) -> tuple[int, int]:
    """Count one question; how many there were in this minute and since `day`, this one included."""
    await tx.execute(
        "insert into assistant_questions (organisation_id, user_id, minute, count) values (%s, %s, %s, 1) "
        "on conflict (organisation_id, user_id, minute) do update set count = assistant_questions.count + 1",
        (organisation_id, user_id, minute),
    )
    await tx.execute(
        "delete from assistant_questions where organisation_id = %s and user_id = %s and minute < %s",
        (organisation_id, user_id, day),
    )
    row = await (
        await tx.execute(
            "select sum(count) as all_day, sum(count) filter (where minute = %s) as now from assistant_questions "
            "where organisation_id = %s and user_id = %s",
            (minute, organisation_id, user_id),
        )
    ).fetchone()
    assert row is not None
    return int(row["now"] or 0), int(row["all_day"] or 0)
