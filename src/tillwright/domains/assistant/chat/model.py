"""The model an organisation chose, a conversation, and what is said in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Choice:
    """`base` is one of those the installation allows; the key is sealed and never shown, `hint` is its end."""

    base: str
    model: str
    hint: str
    by: str
    updated: datetime


@dataclass(frozen=True)
class Conversation:
    """About one account in one mode: `via` is `connection` or `organisation`."""

    id: str
    user_id: str
    title: str
    via: str
    livemode: bool
    created: datetime
    updated: datetime

    @property
    def mode(self) -> str:
        return "live" if self.livemode else "test"


@dataclass(frozen=True)
class Turn:
    """`role` is user, assistant or tool; `body` as it is sent to the model, and shown."""

    role: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """Something that happens while an answer is made: `kind` is text, asked, answered or failed."""

    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """One hour's tokens of one user with one model."""

    hour: datetime
    user_id: str
    provider: str
    model: str
    read: int
    written: int
    count: int
