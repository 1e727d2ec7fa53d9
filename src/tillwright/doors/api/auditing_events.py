"""The audit trail and Stripe's events as one list, in the shape that published clients know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.webhooks.auditing.store import AuditingEvent
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
        "source": "TILLWRIGHT",
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
    """`eventType` is null: these are of none of the types that clients know. `otherTypeEvent` holds an entry of the
    audit trail, or an event of Stripe's: its `source` says which, and `stripeEvent` is what Stripe sent. `status` is
    DONE once an event was applied, PENDING before, FAILED if it could not be."""

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


@router.get("/auditingEvent/query", summary="Query auditing events", operation_id="queryAuditingEvents")
async def query_auditing_events(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[AuditingEventEntity]:
    """The audit trail's entries and Stripe's events, newest first. Columns: id, source (TILLWRIGHT or STRIPE), number,
    action (also event_type), status, actor_kind, actor_id, actor_name, subject_id, creation_time, last_update_time.
    Needs the role ADMIN."""
    part = asked.slice
    found, total = await house.webhooks.auditing.query(
        caller, q=asked.q, s=asked.s, limit=part.limit, offset=part.offset
    )
    return QueryPage[AuditingEventEntity].of(asked, [_entity(caller.organisation_id, e) for e in found], total)


@router.get("/auditingEvent/verification", summary="Verify the audit trail", operation_id="verifyAuditingEvents")
async def verify_auditing_events(caller: Caller, house: TheHouse) -> AuditVerification:
    """Goes through the whole chain of digests. Needs the role ADMIN."""
    proof = await house.trail.verify(caller)
    return AuditVerification(
        intact=proof.whole, entries=proof.entries, brokenAt=proof.broken_at, anchored=proof.anchored
    )


def _entity(organisation_id: str, event: AuditingEvent) -> AuditingEventEntity:
    return AuditingEventEntity(
        id=event.id,
        organizationID=organisation_id,
        status=event.status,
        creationTime=event.at,
        lastUpdateTime=event.updated,
        otherTypeEvent=event.told,
    )
