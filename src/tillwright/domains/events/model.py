"""A recorded happening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class SpineEvent:
    """`name` is `subject:thing:action`, e.g. `integration:STRIPE:verified`; `id` grows within the database."""

    id: int
    organisation_id: str
    name: str
    data: dict[str, Any]
    created: datetime
