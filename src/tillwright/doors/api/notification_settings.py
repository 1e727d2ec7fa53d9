"""Notification settings and channels over HTTP: who is told, in which words, over what, and when."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.notifications.channels.model import Hook
from tillwright.domains.notifications.configuration.model import Change, Configuration
from tillwright.domains.notifications.configuration.service import unknown_fields
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.kit.errors import Invalid, Problem
from tillwright.kit.seal import Secret

router = APIRouter(tags=["Notifications"])
_SCOPE_FIELDS = ("enabled", "to", "cc", "bcc", "channels", "digest", "template")
_SCOPE: dict[str, JsonValue] = {
    "enabled": True,
    "to": ["ops@example.com"],
    "cc": [],
    "bcc": [],
    "channels": ["EMAIL", "WEBHOOK"],
    "digest": False,
    "template": {"subject": "{{ name }} ends soon", "body": "It ends on {{ endTime | date }}."},
}
_INFO: dict[str, JsonValue] = {
    "enabled": True,
    "digestHour": 8,
    "quietHours": {"from": "22:00", "to": "07:00"},
    "allEmailNotificationScopes": ["END_SOON.ENTITLEMENT"],
    "emailNotificationScopeEventConfigs": {"END_SOON.ENTITLEMENT": _SCOPE},
}
_CHANGE: dict[str, JsonValue] = {
    "quietHours": None,
    "emailNotificationScopeEventConfigs": {"END_SOON.ENTITLEMENT": {"enabled": True, "to": ["ops@example.com"]}},
}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class NotificationConfigInfo(BaseModel):
    """`enabled` is the master switch; hours are in the organisation's time zone. Recipients: addresses or contacts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INFO]})

    enabled: bool
    digestHour: int  # noqa: N815
    quietHours: dict[str, str] | None  # noqa: N815
    allEmailNotificationScopes: list[str]  # noqa: N815
    emailNotificationScopeEventConfigs: dict[str, dict[str, Any]]  # noqa: N815


class ChangeConfigInfo(BaseModel):
    """What is left out stays. `quietHours` null switches them off; `template` null brings the scope's own words."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHANGE]})

    enabled: bool | None = None
    digestHour: int | None = None  # noqa: N815
    quietHours: dict[str, str] | None = None  # noqa: N815
    emailNotificationScopeEventConfigs: dict[str, dict[str, Any]] = Field(default_factory=dict)  # noqa: N815


class TestMail(BaseModel):
    """Where the test goes; left out, to the scope's own recipients. `last` tries it with the last time it happened."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": ["me@example.com"], "last": False}]})

    to: list[str] = Field(default_factory=list, max_length=20)
    last: bool = False


class ChannelEntity(BaseModel):
    """`url` is shown without its path, which may be a secret; `signed` tells whether a secret is set."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "WEBHOOK", "enabled": True, "url": "https://hooks.example.com", "signed": True}]
        }
    )

    kind: str
    enabled: bool
    url: str
    signed: bool


class PutChannel(BaseModel):
    """`url` and `secret` are write-only; left out, they stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://hooks.example.com/in", "secret": "a-long-random-secret"}]}
    )

    url: str | None = Field(default=None, max_length=2048)
    secret: str | None = Field(default=None, max_length=200)
    enabled: bool = True


class TestOutcome(BaseModel):
    """What came of a test: `status` is SENT, PENDING or FAILED."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "msg_01k0example", "recipient": "me@example.com", "status": "SENT", "error": None}]
        }
    )

    id: str
    recipient: str
    status: str
    error: str | None


class ChannelTried(BaseModel):
    """Whether it was delivered, and what the receiver said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"delivered": True, "said": "200 ok"}]})

    delivered: bool
    said: str


@router.get("/notificationConfigInfo", summary="Notification settings", operation_id="getNotificationConfigInfo")
async def get_config(caller: Caller, house: TheHouse) -> NotificationConfigInfo:
    """Every scope with what holds for it."""
    return _info(await house.notices.configurations.get(caller))


@router.patch("/notificationConfigInfo", summary="Change the settings", operation_id="updateNotificationConfigInfo")
async def change_config(caller: Caller, house: TheHouse, body: ChangeConfigInfo) -> NotificationConfigInfo:
    """All of it or nothing; templates are checked, and every complaint is told with its line."""
    settings: dict[str, Any] = {}
    wrong: list[Problem] = []
    if body.enabled is not None:
        settings["enabled"] = body.enabled
    if body.digestHour is not None:
        settings["digest_hour"] = body.digestHour
    if "quietHours" in body.model_fields_set:
        quiet = body.quietHours or {}
        wrong += unknown_fields(quiet, ("from", "to"), "quietHours.")
        for name, ours in (("from", "quiet_from"), ("to", "quiet_to")):
            settings[ours] = _minute(quiet[name], f"quietHours.{name}", wrong) if name in quiet else None
    scopes = {name: _scope(name, given, wrong) for name, given in body.emailNotificationScopeEventConfigs.items()}
    if wrong:
        raise Invalid.many(wrong)
    return _info(await house.notices.configurations.change(caller, Change(settings, scopes)))


@router.post("/notificationConfigInfo/{scope}/test", summary="Send a test", operation_id="testNotificationScope")
async def test_scope(caller: Caller, house: TheHouse, scope: str, body: TestMail) -> TestOutcome:
    """The scope's mail with its sample, sent now; the answer is what came of it."""
    message = await house.notices.board.test(caller, scope, body.to, last=body.last)
    return TestOutcome(id=message.id, recipient=message.recipient, status=message.state, error=message.error)


@router.get("/notificationChannel", summary="List channels", operation_id="listNotificationChannels")
async def list_channels(caller: Caller, house: TheHouse) -> list[ChannelEntity]:
    """The webhook, Slack and Teams channels that are set up."""
    return [_channel(hook) for hook in await house.notices.channels.list(caller)]


@router.put("/notificationChannel/{kind}", summary="Set a channel up", operation_id="putNotificationChannel")
async def put_channel(caller: Caller, house: TheHouse, kind: str, body: PutChannel) -> ChannelEntity:
    """WEBHOOK, SLACK or MICROSOFT_TEAMS; one of each."""
    url, secret = (Secret(value) if value else None for value in (body.url, body.secret))
    return _channel(await house.notices.channels.put(caller, kind, url=url, secret=secret, enabled=body.enabled))


@router.delete("/notificationChannel/{kind}", summary="Take a channel away", operation_id="deleteNotificationChannel")
async def delete_channel(caller: Caller, house: TheHouse, kind: str) -> str:
    """Its address and its secret are erased."""
    await house.notices.channels.delete(caller, kind)
    return ""


@router.post("/notificationChannel/{kind}/test", summary="Try a channel", operation_id="testNotificationChannel")
async def test_channel(caller: Caller, house: TheHouse, kind: str) -> ChannelTried:
    """Sends a specimen now and tells what the receiver said."""
    tried = await house.notices.channels.test(caller, kind)
    return ChannelTried(delivered=tried.delivered, said=tried.said)


def _info(held: Configuration) -> NotificationConfigInfo:
    settings, quiet = held.settings, None
    if settings.quiet_from is not None and settings.quiet_to is not None:
        quiet = {"from": clock_face(settings.quiet_from), "to": clock_face(settings.quiet_to)}
    scopes = {
        name: {
            "enabled": one.enabled,
            "to": list(one.to),
            "cc": list(one.cc),
            "bcc": list(one.bcc),
            "channels": list(one.channels),
            "digest": one.digest,
            "template": {"subject": one.subject, "body": one.body} if one.subject or one.body else None,
        }
        for name, one in held.scopes.items()
    }
    return NotificationConfigInfo(
        enabled=settings.enabled,
        digestHour=settings.digest_hour,
        quietHours=quiet,
        allEmailNotificationScopes=list(scopes),
        emailNotificationScopeEventConfigs=scopes,
    )


def clock_face(minute: int) -> str:
    """A minute of the day as `22:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(text: str, field: str, wrong: list[Problem]) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        wrong.append(Problem("time_invalid", f"{text[:20]!r} is no time of day.", field, "Write it as 22:00."))
        return 0
    return int(found[1]) * 60 + int(found[2])


def _scope(name: str, given: dict[str, Any], wrong: list[Problem]) -> dict[str, Any]:
    wrong += unknown_fields(given, _SCOPE_FIELDS, f"{name}.")
    made: dict[str, Any] = {}
    for field in ("enabled", "digest"):
        if field in given:
            made[field] = given[field]
            if not isinstance(given[field], bool):
                wrong.append(Problem("field_invalid", f"{field} is true or false.", f"{name}.{field}", None))
    for field in ("to", "cc", "bcc", "channels"):
        if field in given:
            value = given[field]
            fine = isinstance(value, list) and all(isinstance(one, str) for one in value)
            made[field] = value if fine else []
            if not fine:
                wrong.append(Problem("field_invalid", f"{field} is a list of texts.", f"{name}.{field}", None))
    if "template" in given:
        template = given["template"] if given["template"] is not None else {"subject": None, "body": None}
        fine = isinstance(template, dict) and all(v is None or isinstance(v, str) for v in template.values())
        if fine:
            wrong += unknown_fields(template, ("subject", "body"), f"{name}.template.")
            made |= template
        else:
            sentence = "template holds subject and body, both texts."
            wrong.append(Problem("field_invalid", sentence, f"{name}.template", "Or null, for the scope's own words."))
    return made


def _channel(hook: Hook) -> ChannelEntity:
    return ChannelEntity(kind=hook.kind, enabled=hook.enabled, url=hook.shown, signed=hook.signed)
