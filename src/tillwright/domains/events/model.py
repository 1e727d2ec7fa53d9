"""A recorded happening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tillwright.kit import ids

OCCURRENCE = "occurrence"
"""The name in a happening's data of what makes it one of a kind, where something does; else its id and data do."""


@dataclass(frozen=True)
class SpineEvent:
    """`name` is `subject:thing:action`, e.g. `integration:STRIPE:verified`; `id` grows within the database."""

    id: int
    organisation_id: str
    name: str
    data: dict[str, Any]
    created: datetime

    @property
    def identity(self) -> str:
        """What names this happening to the outside: what follows from it is told apart by this, and not by its id.

        After a backup was restored, ids are given out a second time, to other happenings; and what happens over again
        may get another id. Neither may be taken for what was told before the backup came back.
        """
        occurrence = self.data.get(OCCURRENCE)
        said = occurrence or f"{self.id}:{orjson.dumps(self.data, option=orjson.OPT_SORT_KEYS).decode()}"
        return ids.digest("happening", self.organisation_id, self.name, str(said))
