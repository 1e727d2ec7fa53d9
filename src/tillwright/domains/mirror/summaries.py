"""An event about a summary says that its parts changed: which objects are to be asked for again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from tillwright.domains.mirror.model import EventCopy, FetchedCopy, Key

SUMMARY = "entitlements.active_entitlement_summary"
PART = "entitlements.active_entitlement"


def summaries(copies: Sequence[EventCopy | FetchedCopy]) -> Sequence[EventCopy]:
    """The copies that are of a summary."""
    return [copy for copy in copies if isinstance(copy, EventCopy) and copy.object == SUMMARY and copy.body is not None]


def parts_of(body: Mapping[str, Any] | None) -> tuple[frozenset[str], bool]:
    """The ids that a summary carries, and whether it has more than it carries."""
    held: Any = (body or {}).get("entitlements")
    listed = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
    rows: list[Any] = listed.get("data") or []
    found: list[Any] = [cast("dict[str, Any]", row).get("id") for row in rows if isinstance(row, dict)]
    return frozenset(each for each in found if isinstance(each, str) and each), listed.get("has_more") is True


def asks(copy: EventCopy, before: Mapping[str, Any] | None) -> dict[Key, str]:
    """The parts to fetch again, those that were in the summary before too: what left it is gone at Stripe."""
    names = parts_of(copy.body)[0] | parts_of(before)[0]
    return {(copy.livemode, PART, name): f"{copy.event_id} says that what a customer may use changed" for name in names}
