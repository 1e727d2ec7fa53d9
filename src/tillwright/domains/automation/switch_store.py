"""The only SQL on an organisation's switches of automation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.gateways.database import Tx


async def state(tx: Tx, organisation_id: str) -> tuple[bool, str | None, datetime | None]:
    """(stopped, by whom, since when)."""
    row = await (
        await tx.execute(
            "select stopped, stopped_by, stopped_at from automation_switches where organisation_id = %s",
            (organisation_id,),
        )
    ).fetchone()
    return (row["stopped"], row["stopped_by"], row["stopped_at"]) if row else (False, None, None)


async def caps(tx: Tx, organisation_id: str) -> Mapping[str, Any]:
    """What all workflows together may do in a day."""
    row = await (
        await tx.execute("select caps from automation_switches where organisation_id = %s", (organisation_id,))
    ).fetchone()
    return row["caps"] if row else {}


async def set_caps(tx: Tx, organisation_id: str, caps: Mapping[str, Any]) -> None:
    await tx.execute(
        "insert into automation_switches (organisation_id, caps) values (%s, %s) "
        "on conflict (organisation_id) do update set caps = excluded.caps",
        (organisation_id, Jsonb(dict(caps))),
    )


async def turn(tx: Tx, organisation_id: str, stopped: bool, by: str, at: datetime) -> None:
    """Waits for every step that is being decided at this moment: what comes after sees it."""
    await tx.execute(
        "insert into automation_switches (organisation_id, stopped, stopped_by, stopped_at) values (%s, %s, %s, %s) "
        "on conflict (organisation_id) do update set stopped = excluded.stopped, stopped_by = excluded.stopped_by, "
        "stopped_at = excluded.stopped_at",
        (organisation_id, stopped, by if stopped else None, at if stopped else None),
    )
