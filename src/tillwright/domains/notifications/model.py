"""A mail in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    """PENDING: not with the mail server yet. SENT: the mail server has it. FAILED: it never will."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Message:
    """`key` names the intent, once an organisation; `message_id` follows from it and is the same in every attempt."""

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
