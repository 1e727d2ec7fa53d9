"""One entry of the trail, and its link to the one before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson


@dataclass(frozen=True)
class Actor:
    """Who acts: `kind` is USER, API_CLIENT or SYSTEM."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True)
class Entry:
    """`action` is `source:subject:action`; `digest` covers every other field and the previous digest."""

    number: int
    action: str
    actor: Actor
    subject_id: str
    detail: dict[str, Any]
    at: datetime
    previous: str
    digest: str = ""

    def link(self) -> str:
        """What `digest` must be."""
        parts = (
            self.number,
            self.action,
            self.actor.kind,
            self.actor.id,
            self.actor.name,
            self.subject_id,
            self.detail,
            self.at.isoformat(timespec="microseconds"),
            self.previous,
        )
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
