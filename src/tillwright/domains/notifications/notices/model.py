"""A notice: one happening that a scope answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Notice:
    """`state` is '' if nobody was to be told, SCHEDULED for the one mail a day, PENDING, DONE or FAILED.

    `title` and `message` are the words as rendered; `values` are its merge tags' values.
    """

    id: str
    spine_id: int
    scope: str
    action: str
    entity_type: str
    entity_id: str
    entity_name: str
    entity_status: str
    partner: str
    priority: str
    state: str
    title: str
    message: str
    values: Mapping[str, Any]
    by_whom: str
    happened: datetime
    created: datetime
    updated: datetime
