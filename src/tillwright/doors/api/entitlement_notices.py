"""The notices of entitlements over HTTP: of one, what would go out at a time, and what renews soon."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.entitlements import Entitlement, NextRenewal, Notice, Renewal, SentNotice, SentRenewal
from tillwright.domains.entitlements.cancellation import time_of
from tillwright.domains.entitlements.renewing import LONGEST_DAYS
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListSlice

router = APIRouter(tags=["Entitlements"])
_ID = "ent_01k0example0000000000000000"
_SENT: dict[str, JsonValue] = {
    "kind": "END_SOON",
    "state": "SENT",
    "endTime": "2027-02-15T12:00:00Z",
    "renewTime": None,
    "offset": 30,
    "daysLeft": 30,
    "initial": True,
    "time": "2027-01-16T12:00:00Z",
}
_OF: dict[str, JsonValue] = {"entitlementId": _ID, "name": "Team plan", "buyerID": "cus_example"}


class NoticeEntity(BaseModel):
    """One notice: SENT went out at `time`, NEXT will then.

    END_SOON: `offset` in days before `endTime`. RENEW_SOON: the one before `renewTime`; its `offset` is null.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_SENT]})

    kind: Literal["END_SOON", "RENEW_SOON"]
    state: Literal["SENT", "NEXT"]
    endTime: datetime | None  # noqa: N815
    renewTime: datetime | None  # noqa: N815
    offset: int | None
    daysLeft: int  # noqa: N815
    initial: bool
    time: datetime


class DueNotice(NoticeEntity):
    """One that would go out, and whose; its state is NEXT and `time` its turn."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_OF, **_SENT, "state": "NEXT"}]})

    entitlementId: str  # noqa: N815
    name: str
    buyerID: str | None  # noqa: N815


class ComingRenewal(BaseModel):
    """One that renews by itself in `daysLeft` days. `noticeState`: SENT or NEXT at `noticeTime`, or OFF."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_OF,
                    "buyerName": "Ada Lovelace",
                    "livemode": False,
                    "renewTime": "2027-02-15T12:00:00Z",
                    "daysLeft": 12,
                    "noticeState": "NEXT",
                    "noticeTime": "2027-02-08T12:00:00Z",
                }
            ]
        }
    )

    entitlementId: str  # noqa: N815
    name: str
    buyerID: str | None  # noqa: N815
    buyerName: str  # noqa: N815
    livemode: bool
    renewTime: datetime  # noqa: N815
    daysLeft: int  # noqa: N815
    noticeState: Literal["SENT", "NEXT", "OFF"]  # noqa: N815
    noticeTime: datetime | None  # noqa: N815


@router.get(
    "/entitlement/{entitlementId}/notice", summary="An entitlement's notices", operation_id="listEntitlementNotices"
)
async def list_notices(caller: Caller, house: TheHouse, entitlementId: str) -> list[NoticeEntity]:  # noqa: N803
    """The next one first, if one is to come; then those that went out, newest first. Of ends and of renewals."""
    room = house.entitlements
    entitlement, choices = await room.get(caller, entitlementId), await room.choices(caller)
    sent = (await room.sent(caller, [entitlement])).get(entitlement.id, [])
    told = await room.renewals_told(caller, entitlement.id)
    coming, renewal = room.coming(entitlement, choices, sent), room.coming_renewal(entitlement, choices, told)
    following = [_next(entitlement.end, coming)] if coming and entitlement.end else []
    following += [_next_renewal(renewal)] if renewal else []
    gone = [*(_sent(notice) for notice in sent), *(_told(notice) for notice in told)]
    return [*following, *sorted(gone, key=lambda notice: notice.time, reverse=True)]


@router.get("/entitlementNotice/due", summary="What would go out at a time", operation_id="listDueEntitlementNotices")
async def list_due_notices(
    caller: Caller,
    house: TheHouse,
    at: Annotated[str | None, Query(max_length=40, description="A date or a time; now if left out.")] = None,
) -> list[DueNotice]:
    """What a sweep then would send, as far as is known now, the soonest end first, then renewals. Sends nothing."""
    moment = time_of(at, "at") if at else house.clock.now()
    ends = await house.entitlements.would_send(caller, moment)
    renewals = await house.entitlements.would_tell_renewals(caller, moment)
    return [
        *(_due(one.entitlement, _next(one.entitlement.end or moment, one.notice)) for one in ends),
        *(_due(one.entitlement, _next_renewal(one.notice)) for one in renewals),
    ]


@router.get("/entitlementRenewal", summary="What renews soon", operation_id="listEntitlementRenewals")
async def list_renewals(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    days: Annotated[int, Query(ge=1, le=LONGEST_DAYS, description="How many days ahead.")] = 30,
) -> list[ComingRenewal]:
    """What renews by itself in the mode that is connected, the next first, each with what of its notice."""
    found, _ = await house.entitlements.renewals.coming(caller, days=days, limit=cut.limit, offset=cut.offset)
    return [_renewal(one) for one in found]


def _sent(notice: SentNotice) -> NoticeEntity:
    return NoticeEntity(
        kind="END_SOON", state="SENT", endTime=notice.end, renewTime=None, offset=notice.offset,
        daysLeft=notice.days_left, initial=notice.initial, time=notice.at,
    )  # fmt: skip


def _next(end: datetime, notice: Notice) -> NoticeEntity:
    return NoticeEntity(
        kind="END_SOON", state="NEXT", endTime=end, renewTime=None, offset=notice.offset, daysLeft=notice.days_left,
        initial=notice.initial, time=notice.at,
    )  # fmt: skip


def _told(notice: SentRenewal) -> NoticeEntity:
    return NoticeEntity(
        kind="RENEW_SOON", state="SENT", endTime=None, renewTime=notice.renews, offset=None, daysLeft=notice.days_left,
        initial=True, time=notice.at,
    )  # fmt: skip


def _next_renewal(notice: Renewal) -> NoticeEntity:
    return NoticeEntity(
        kind="RENEW_SOON", state="NEXT", endTime=None, renewTime=notice.renews, offset=None, daysLeft=notice.days_left,
        initial=True, time=notice.at,
    )  # fmt: skip


def _due(entitlement: Entitlement, notice: NoticeEntity) -> DueNotice:
    return DueNotice(
        **notice.model_dump(), entitlementId=entitlement.id, name=entitlement.name, buyerID=entitlement.buyer_id
    )


def _renewal(one: NextRenewal) -> ComingRenewal:
    entitlement, turn = one.entitlement, one.told or one.notice
    return ComingRenewal(
        entitlementId=entitlement.id,
        name=entitlement.name,
        buyerID=entitlement.buyer_id,
        buyerName=entitlement.buyer_name,
        livemode=entitlement.livemode,
        renewTime=one.renews,
        daysLeft=one.days_left,
        noticeState="SENT" if one.told else "NEXT" if one.notice else "OFF",
        noticeTime=turn.at if turn else None,
    )
