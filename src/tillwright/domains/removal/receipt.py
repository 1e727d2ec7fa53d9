"""What was done when an integration was deleted, and what is left to do by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Line:
    """One thing done (`done`) or left; `what` is a sentence, `count` how many rows or objects, `id` the one meant.

    `again`: it is left for now, and tried again for a day.
    """

    what: str
    done: bool = True
    count: int | None = None
    id: str | None = None
    again: bool = False


@dataclass(frozen=True)
class Receipt:
    """Times UTC. `account_id` and `mode` say which Stripe account was left."""

    id: str
    partner: str
    service: str
    account_id: str
    mode: str
    at: datetime
    by: str
    lines: tuple[Line, ...]

    @property
    def left(self) -> Sequence[Line]:
        """What could not be done at Stripe and must be done by hand there."""
        return [line for line in self.lines if not line.done]

    def ended(self, endings: Sequence[Line], tried: Sequence[str]) -> Receipt:
        """The receipt once what was left at Stripe was tried again: how that ended, in place of what was to be.

        Args:
            tried: the ids of what was tried; a line without an id is one of all of them.
        """
        kept = [line for line in self.lines if not line.again or (line.id and line.id not in tried)]
        return replace(self, lines=(*kept, *endings))

    def as_json(self) -> dict[str, Any]:
        """Plain data, names as here."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Receipt:
        """What `as_json` made."""
        lines = tuple(Line(**line) for line in data["lines"])
        given: dict[str, Any] = dict(data)
        given["at"] = datetime.fromisoformat(data["at"])
        given["lines"] = lines
        return cls(**given)
