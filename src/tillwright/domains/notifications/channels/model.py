"""A channel as people see it; its address and its secret stay sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tillwright.domains.notifications.model import Channel


@dataclass(frozen=True)
class Hook:
    """`shown` is the address without its path, which for a chat is a secret; `signed` tells whether a secret is set."""

    kind: Channel
    enabled: bool
    shown: str
    signed: bool
    updated: datetime
    updated_by: str


@dataclass(frozen=True)
class Sealed:
    """A hook's row as it lies in the table."""

    hook: Hook
    url: bytes
    secret: bytes | None


@dataclass(frozen=True)
class Tried:
    """What a test came to: `said` is the receiver's answer or why there was none."""

    delivered: bool
    said: str
