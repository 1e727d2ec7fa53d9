"""Notices and the messages that told of them, over HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.notifications import Message
from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.notices.model import Notice
from tillwright.domains.notifications.notices.reading import Sent
from tillwright.domains.notifications.scope import PRIORITIES
from tillwright.domains.tenancy import Principal
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListSlice
from tillwright.kit.errors import Invalid
from tillwright.wiring import House

router = APIRouter(tags=["Notifications"])
_EVENT: dict[str, JsonValue] = {
    "eventID": "ntc_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "eventStatus": "DONE",
    "action": "END_SOON",
    "entityType": "ENTITLEMENT",
    "entityID": "ent_01k0example0000000000000000",
    "entityName": "Pro plan for Acme",
    "entityStatus": "ACTIVE",
    "partner": "STRIPE",
    "priority": "HIGH",
    "channels": ["EMAIL"],
    "contactEmails": ["ops@example.com"],
    "title": "Pro plan for Acme ends in 30 days",
    "message": "The entitlement of Acme GmbH to Pro plan ends on 14 February 2027.",
    "timestamp": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:02Z",
}
_MESSAGE: dict[str, JsonValue] = {
    "id": "msg_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "creationTime": "2027-01-15T12:00:00Z",
    "recipient": "ops@example.com",
    "type": "EMAIL",
    "info": {"action": "END_SOON", "subject": "Pro plan for Acme ends in 30 days", "textContent": "…"},
}


class NotificationEvents(BaseModel):
    """`nextOffset` is null at the end; `totalCount` is told at offset 0 only."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"notificationEvents": [_EVENT], "nextOffset": None, "totalCount": 1}]}
    )

    notificationEvents: list[dict[str, Any]]  # noqa: N815
    nextOffset: int | None  # noqa: N815
    totalCount: int | None  # noqa: N815


class NotificationMessages(BaseModel):
    """`nextOffset` is null at the end; `totalCount` is told at offset 0 only."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"notificationMessages": [_MESSAGE], "nextOffset": None, "totalCount": 1}]}
    )

    notificationMessages: list[dict[str, Any]]  # noqa: N815
    nextOffset: int | None  # noqa: N815
    totalCount: int | None  # noqa: N815


class NotificationMessage(BaseModel):
    """What was sent, as it was sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MESSAGE]})

    id: str
    organizationID: str  # noqa: N815
    creationTime: datetime  # noqa: N815
    recipient: str
    type: str
    info: dict[str, Any]


@router.get("/notificationEvent", summary="List notices", operation_id="listNotificationEvents")
async def list_events(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    startDate: Annotated[date | None, Query(description="UTC; 30 days before endDate unless given.")] = None,  # noqa: N803
    endDate: Annotated[date | None, Query(description="UTC, included; today unless given.")] = None,  # noqa: N803
    priorities: Annotated[str, Query(description="LOW, MEDIUM, HIGH, CRITICAL; HIGH and CRITICAL unless given.")] = "",
    message: Annotated[str, Query(description="Words in the title or the text.", max_length=200)] = "",
) -> NotificationEvents:
    """Newest first."""
    last = endDate or house.clock.now().date()
    try:
        first = startDate or last - timedelta(days=30)
        since, until = _midnight(first), _midnight(last) + timedelta(days=1)
    except OverflowError:
        raise Invalid("date_invalid", "That date is too far away.", field="startDate") from None
    chosen = [word.strip().upper() for word in priorities.split(",") if word.strip()] or ["HIGH", "CRITICAL"]
    unknown = [word for word in chosen if word not in PRIORITIES]
    if unknown:
        remedy = f"There are: {', '.join(PRIORITIES)}."
        sentence = f"There is no priority {unknown[0][:20]!r}."
        raise Invalid("priority_unknown", sentence, field="priorities", remedy=remedy)
    notices, total = await house.notices.board.list(
        caller, since=since, until=until, priorities=chosen, words=message, limit=cut.limit, offset=cut.offset
    )
    return await _events(caller, house, notices, total, cut.offset)


@router.get(
    "/notificationEvent/{entityType}/{entityId}",
    summary="Notices about one thing",
    operation_id="listNotificationEventsByEntity",
)
async def list_events_by_entity(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    entityType: str,  # noqa: N803
    entityId: str,  # noqa: N803
) -> NotificationEvents:
    """Of every priority, newest first."""
    notices, total = await house.notices.board.list(
        caller, entity=(entityType, entityId), limit=cut.limit, offset=cut.offset
    )
    return await _events(caller, house, notices, total, cut.offset)


@router.get("/notificationMessage", summary="List messages", operation_id="listNotificationMessages")
async def list_messages(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    keyword: Annotated[str, Query(description="Words in the subject or the text.", max_length=200)] = "",
) -> NotificationMessages:
    """What was sent, newest first."""
    found, total = await house.notifications.search(caller, keyword=keyword, limit=cut.limit, offset=cut.offset)
    after = cut.offset + len(found)
    return NotificationMessages(
        notificationMessages=[_message(one) for one in found],
        nextOffset=after if found and after < total else None,
        totalCount=total if cut.offset == 0 else None,
    )


@router.get(
    "/notificationMessage/{notificationMessageId}", summary="Get a message", operation_id="getNotificationMessage"
)
async def get_message(caller: Caller, house: TheHouse, notificationMessageId: str) -> NotificationMessage:  # noqa: N803
    """What was sent, and in `info.customFields` how each recipient's copy went."""
    caller.require("notification:read")
    message = await house.notifications.of(caller.organisation_id, notificationMessageId)
    copies, _ = await house.notifications.log(caller, message.id)
    found = _message(message)
    told = [
        {"part": c.part, "target": c.target, "status": c.state, "error": c.error} for c in copies if c.part != "HOOK"
    ]
    found["info"]["customFields"]["deliveries"] = told
    return NotificationMessage(**found)


async def _events(caller: Principal, house: House, notices: Any, total: int, offset: int) -> NotificationEvents:
    sent = await house.notices.board.sent(caller, notices)
    after = offset + len(notices)
    return NotificationEvents(
        notificationEvents=[_event(caller.organisation_id, one, sent.get(one.id, Sent([], []))) for one in notices],
        nextOffset=after if notices and after < total else None,
        totalCount=total if offset == 0 else None,
    )


def _event(organisation_id: str, notice: Notice, sent: Sent) -> dict[str, Any]:
    by = {"entityType": "USER", "entityId": "", "email": "", "name": notice.by_whom} if notice.by_whom else None
    return {
        "eventID": notice.id,
        "organizationID": organisation_id,
        "eventStatus": notice.state,
        "action": _published(notice.scope) or notice.action,
        "entityType": notice.entity_type,
        "entityID": notice.entity_id,
        "entityName": notice.entity_name,
        "entityStatus": notice.entity_status,
        "partner": notice.partner,
        "priority": notice.priority,
        "channels": list(sent.channels),
        "contactIds": [],
        "ccContactIds": [],
        "contactEmails": list(sent.addresses),
        "createdBy": by,
        "title": notice.title,
        "message": notice.message,
        "info": {"scope": notice.scope},
        "customFields": dict(notice.values),
        "isActionItem": _asks(notice.scope),
        "requireAudit": True,
        "timestamp": _moment(notice.happened),
        "lastUpdateTime": _moment(notice.updated),
        "trackEvents": [],
    }


def _message(message: Message) -> dict[str, Any]:
    action = _published(message.scope) or message.scope.partition(".")[0] if message.scope else None
    return {
        "id": message.id,
        "organizationID": message.organisation_id,
        "creationTime": _moment(message.created),
        "recipient": message.recipient,
        "type": str(message.channel),
        "info": {
            "action": action,
            "subject": message.subject,
            "htmlContent": message.html or "",
            "textContent": message.text,
            "ccRecipients": list(message.cc),
            "bccRecipients": list(message.bcc),
            "standardFields": {"scope": message.scope, "notificationEventID": message.notice_id},
            "customFields": {"status": str(message.state), "error": message.error, "attempts": message.attempts},
        },
    }


def _published(scope: str) -> str:
    """A client that checks the action knows only published ones; `scope` says what it is precisely."""
    known = catalogue().get(scope)
    return known.published if known else ""


def _asks(scope: str) -> bool:
    """Whether somebody is to do something about it."""
    known = catalogue().get(scope)
    return bool(known and known.role)


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
