"""The only SQL on events that came while the workflow they would have started was paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.automation.model import Trigger
from tillwright.gateways.database import Tx

KEPT_FOR = timedelta(days=90)
"""As long as raw events are."""


@dataclass(frozen=True)
class KeptEvent:
    """`run_id` is the run it starts when it is replayed; `place` grows in the order they came."""

    run_id: str
    workflow_id: str
    trigger: Trigger
    created: datetime
    place: int


def _kept(row: Mapping[str, Any]) -> KeptEvent:
    return KeptEvent(row["run_id"], row["workflow_id"], Trigger(**row["trigger"]), row["created"], row["place"])


async def keep(
    tx: Tx, organisation_id: str, workflow_id: str, run_id: str, trigger: Trigger, at: datetime
) -> bool:  # fmt: skip
    """False if it is kept already. What is too old by now goes."""
    await tx.execute(
        "delete from kept_events where organisation_id = %s and workflow_id = %s and created < %s",
        (organisation_id, workflow_id, at - KEPT_FOR),
    )
    kept = await tx.execute(
        "insert into kept_events (organisation_id, run_id, workflow_id, trigger, created) "
        "values (%s, %s, %s, %s, %s) on conflict do nothing",
        (organisation_id, run_id, workflow_id, Jsonb(trigger.plain()), at),
    )
    return kept.rowcount == 1


async def counts(tx: Tx, organisation_id: str) -> Mapping[str, int]:
    rows = await tx.execute(
        "select workflow_id, count(*) as n from kept_events where organisation_id = %s group by 1", (organisation_id,)
    )
    return {row["workflow_id"]: row["n"] async for row in rows}


async def page(
    tx: Tx, organisation_id: str, workflow_id: str, after: int | None, limit: int
) -> Sequence[KeptEvent]:  # fmt: skip
    """In the order they came."""
    rows = await tx.execute(
        "select * from kept_events where organisation_id = %s and workflow_id = %s "
        "and (%s::bigint is null or place > %s) order by place limit %s",
        (organisation_id, workflow_id, after, after, limit),
    )
    return [_kept(row) async for row in rows]


async def take(
    tx: Tx, organisation_id: str, workflow_id: str, event_ids: Sequence[str] | None, limit: int
) -> Sequence[KeptEvent]:
    """Take the oldest out, for the caller to do something with in the same transaction; what another takes is not here.

    Args:
        event_ids: only these, by what `event.id` is.
    """
    rows = await tx.execute(
        "delete from kept_events where organisation_id = %s and run_id in (select run_id from kept_events "
        "where organisation_id = %s and workflow_id = %s and (%s::text[] is null "
        "or trigger->>'stripe_event_id' = any(%s)) order by place limit %s for update skip locked) returning *",
        (organisation_id, organisation_id, workflow_id, event_ids, event_ids, limit),
    )
    return sorted([_kept(row) async for row in rows], key=lambda one: one.place)


async def forget(tx: Tx, organisation_id: str) -> int:
    """Erase all of the organisation's; returns how many."""
    return (await tx.execute("delete from kept_events where organisation_id = %s", (organisation_id,))).rowcount
