"""The audit trail, in the shape that published clients know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.audit import Entry
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListQuery, QueryPage

router = APIRouter(tags=["Audit"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "aud_12",
    "organizationID": "org_01k0example0000000000000000",
    "eventType": None,
    "status": "DONE",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
    "otherTypeEvent": {
        "number": 12,
        "action": "tenancy:user:change_role",
        "actorKind": "USER",
        "actorId": "usr_01k0example0000000000000000",
        "actorName": "Ada",
        "subjectId": "usr_01k0example0000000000000001",
        "detail": {"role": "EDITOR", "was": "VIEWER"},
        "previous": "9f86d081884c7d65",
        "digest": "60303ae22b998861",
    },
}
_PROOF: dict[str, JsonValue] = {"intact": True, "entries": 12, "brokenAt": None, "anchored": 10}


class AuditingEventEntity(BaseModel):
    """`eventType` is null: ours are of none of the types that clients know; `otherTypeEvent` holds the entry."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organizationID: str  # noqa: N815
    eventType: None = None  # noqa: N815
    status: str
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    otherTypeEvent: dict[str, Any]  # noqa: N815


class AuditVerification(BaseModel):
    """`brokenAt` is the first entry that was changed or is missing; `anchored` the newest noted elsewhere."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PROOF]})

    intact: bool
    entries: int
    brokenAt: int | None  # noqa: N815
    anchored: int


@router.get("/auditingEvent/query", summary="Query the audit trail", operation_id="queryAuditingEvents")
async def query_auditing_events(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[AuditingEventEntity]:
    """Newest first. Columns: id, number, action (also event_type), actor_kind, actor_id, actor_name, subject_id,
    creation_time. Needs the role ADMIN."""
    part = asked.slice
    entries, total = await house.trail.query(caller, q=asked.q, s=asked.s, limit=part.limit, offset=part.offset)
    return QueryPage[AuditingEventEntity].of(asked, [_entity(caller.organisation_id, e) for e in entries], total)


@router.get("/auditingEvent/verification", summary="Verify the audit trail", operation_id="verifyAuditingEvents")
async def verify_auditing_events(caller: Caller, house: TheHouse) -> AuditVerification:
    """Goes through the whole chain of digests. Needs the role ADMIN."""
    proof = await house.trail.verify(caller)
    return AuditVerification(
        intact=proof.whole, entries=proof.entries, brokenAt=proof.broken_at, anchored=proof.anchored
    )


def _entity(organisation_id: str, entry: Entry) -> AuditingEventEntity:
    return AuditingEventEntity(
        id=f"aud_{entry.number}",
        organizationID=organisation_id,
        status="DONE",
        creationTime=entry.at,
        lastUpdateTime=entry.at,
        otherTypeEvent={
            "number": entry.number,
            "action": entry.action,
            "actorKind": entry.actor.kind,
            "actorId": entry.actor.id,
            "actorName": entry.actor.name,
            "subjectId": entry.subject_id,
            "detail": entry.detail,
            "previous": entry.previous,
            "digest": entry.digest,
        },
    )
