"""Where a question's facts come from: a user's own account at Stripe, or the organisation's mirror. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tillwright.domains.assistant.kinds import Kind


@dataclass(frozen=True)
class Rows:
    """What was read of a kind. `gap` says in words what is missing, None if nothing is."""

    items: list[dict[str, Any]]
    read: datetime
    gap: str | None = None


@dataclass(frozen=True)
class Span:
    """From (inclusive) and to (exclusive), both UTC; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, seconds: Any) -> bool:
        """Whether a Stripe time is in it."""
        if not isinstance(seconds, int):
            return False
        return (self.start is None or seconds >= self.start.timestamp()) and (
            self.end is None or seconds < self.end.timestamp()
        )


class Source(Protocol):
    """One account in one mode. `via` is `connection` or `mirror`; `calls` what was sent to Stripe, by path."""

    @property
    def account_id(self) -> str: ...
    @property
    def account_name(self) -> str | None: ...
    @property
    def livemode(self) -> bool: ...
    @property
    def via(self) -> str: ...
    @property
    def calls(self) -> Mapping[str, int]: ...

    async def rows(self, kind: Kind, *, customer: str | None = None, span: Span | None = None) -> Rows:
        """Every object of a kind, narrowed by its customer and time of creation. A kind that may not be read has a
        gap and no rows."""
        ...

    async def one(self, kind: Kind, object_id: str) -> dict[str, Any] | None: ...

    async def related(self, path: str, params: Mapping[str, Any]) -> Rows:
        """A list that has no kind of its own, such as an invoice's payments."""
        ...

    async def single(self, path: str) -> dict[str, Any] | None:
        """The one object at an address, such as the balance; None where this source has none."""
        ...
