"""What was done when an integration was deleted, and what is left to do by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Line:
    """One thing done (`done`) or left; `what` is a sentence, `count` how many rows or objects, `id` the one meant."""

    what: str
    done: bool = True
    count: int | None = None
    id: str | None = None


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

    def ended(self, ending: Line) -> Receipt:
        """The receipt once what was left at Stripe was tried again: with how that ended."""
        lines = self.lines
        if ending.done:
            lines = tuple(line for line in lines if line.done or "webhook endpoint" not in line.what)
        return replace(self, lines=(*lines, ending))

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
