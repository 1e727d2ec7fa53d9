"""A message in the outbox, and its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    """PENDING: not all of it handed over yet. SENT: at least one recipient's server has it. FAILED: none ever will."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


class Channel(StrEnum):
    EMAIL = "EMAIL"
    WEBHOOK = "WEBHOOK"
    SLACK = "SLACK"
    MICROSOFT_TEAMS = "MICROSOFT_TEAMS"


HOOKS = (Channel.WEBHOOK, Channel.SLACK, Channel.MICROSOFT_TEAMS)


@dataclass(frozen=True)
class Message:
    """`key` names the intent, once an organisation; `message_id` follows from it and is the same in every attempt.

    `recipient` holds the addresses it is for, separated by commas. A message over a channel other than EMAIL keeps its
    payload in `text` and has no addresses.
    """

    organisation_id: str
    id: str
    key: str
    message_id: str
    recipient: str
    subject: str
    text: str
    html: str | None
    state: MessageState
    attempts: int
    due: datetime
    error: str | None
    created: datetime
    sent: datetime | None
    channel: Channel = Channel.EMAIL
    scope: str | None = None
    notice_id: str | None = None
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()

    @property
    def to(self) -> Sequence[str]:
        return [one.strip() for one in self.recipient.split(",") if one.strip()]


@dataclass(frozen=True)
class Delivery:
    """One recipient's copy; `part` is TO, CC, BCC, or HOOK with the channel as its target."""

    organisation_id: str
    id: str
    message_id: str
    part: str
    target: str
    state: MessageState
    attempts: int
    due: datetime
    error: str | None
    settled: datetime | None


@dataclass(frozen=True)
class Attempt:
    """`outcome` is SENT, PUT_OFF or REFUSED; `took` is in milliseconds."""

    delivery_id: str
    number: int
    outcome: str
    said: str
    took: int
    at: datetime
