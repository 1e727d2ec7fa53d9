"""The one list's only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import orjson

from tillwright.gateways.database import Tx
from tillwright.kit.query import Column, Where

COLUMNS = {
    "id": Column("id"),
    "source": Column("source"),
    "number": Column("number", "number"),
    "event_type": Column("action"),
    "action": Column("action"),
    "status": Column("status"),
    "actor_kind": Column("actor_kind"),
    "actor_id": Column("actor_id"),
    "actor_name": Column("actor_name"),
    "subject_id": Column("subject_id"),
    "creation_time": Column("at", "time"),
    "last_update_time": Column("updated", "time"),
}
"""What people may ask by, as the API names it."""

# A filter by source is a constant in each half: the other one is not read at all.
_BOTH: LiteralString = """(
select 'TILLWRIGHT' as source, 'aud_' || number as id, number, action, 'DONE' as status, actor_kind, actor_id,
actor_name, subject_id, at, at as updated, detail, previous, digest, null::bytea as raw, null::boolean as livemode
from audit_entries where organisation_id = %s
union all
select 'STRIPE', id, null, type, case when applied is not null then 'DONE' when failures > 0 then 'FAILED'
else 'PENDING' end, 'STRIPE', coalesce(account_id, ''), 'Stripe', coalesce(object_id, ''), received,
coalesce(applied, received), null, null, null, raw, livemode from stripe_events where organisation_id = %s
) happened where """
_COUNT: LiteralString = "select count(*) as n from "
_SELECT: LiteralString = "select * from "


@dataclass(frozen=True)
class AuditingEvent:
    """`told` is what is known of it: an entry of the trail, or Stripe's event with all that Stripe sent."""

    id: str
    status: str
    at: datetime
    updated: datetime
    told: dict[str, Any]


async def query(
    tx: Tx, organisation_id: str, where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[AuditingEvent], int]:
    """A slice of what the condition finds, and how many that are."""
    mine = (organisation_id, organisation_id, *where.values)
    row = await (await tx.execute(_COUNT + _BOTH + where.sql, mine)).fetchone()
    wanted: LiteralString = _SELECT + _BOTH + where.sql + " order by " + order + " limit %s offset %s"
    rows = await (await tx.execute(wanted, (*mine, limit, offset))).fetchall()
    return [_event(each) for each in rows], row["n"] if row else 0


def _event(row: dict[str, Any]) -> AuditingEvent:
    told = {
        "source": row["source"],
        "number": row["number"],
        "action": row["action"],
        "actorKind": row["actor_kind"],
        "actorId": row["actor_id"],
        "actorName": row["actor_name"],
        "subjectId": row["subject_id"],
    }
    if row["raw"] is None:
        told |= {"detail": row["detail"], "previous": row["previous"], "digest": row["digest"]}
    else:
        told |= {"livemode": row["livemode"], "stripeEvent": orjson.loads(bytes(row["raw"]))}
    return AuditingEvent(row["id"], row["status"], row["at"], row["updated"], told)
