"""What differs between the mirror and a page of Stripe's list, and whether that is drift: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tillwright.domains.mirror.apply import LIST_LAG
from tillwright.domains.mirror.columns import columns_of
from tillwright.domains.mirror.model import FetchedCopy

# Addresses that Stripe signs anew, or marks by the way they were asked for: no change of the object.
PASSING = frozenset({"hosted_invoice_url", "invoice_pdf", "pdf", "url", "receipt_url", "client_secret"})


class Drift(StrEnum):
    MISSING = "MISSING"
    """Stripe has it, the mirror does not, or has it as deleted."""
    DIFFERENT = "DIFFERENT"
    VANISHED = "VANISHED"
    """The mirror has it, and Stripe says it is gone."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What the mirror has of an object; `in_doubt`: it is marked to be fetched again already."""

    digest: bytes
    deleted: bool
    event_received: datetime | None
    fetched_at: datetime | None
    in_doubt: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """A copy that should have been here as it is. `fields`: which of its fields differ."""

    copy: FetchedCopy
    drift: Drift
    fields: tuple[str, ...]


def findings(copies: Sequence[FetchedCopy], known: Mapping[str, Ours]) -> Sequence[Finding]:
    """Drift among the rows of a page; what an event or a fetch may just be changing is passed over."""
    found: list[Finding] = []
    for copy in copies:
        ours = known.get(copy.id)
        if copy.body is None or (ours is not None and (ours.in_doubt or _just_changed(ours, copy.began))):
            continue
        if ours is None or ours.deleted:
            found.append(Finding(copy, Drift.MISSING, ()))
        elif columns_of(copy.object, copy.id, copy.body).digest != ours.digest:
            fields = differing(ours.body, copy.body)
            if fields:
                found.append(Finding(copy, Drift.DIFFERENT, fields))
    return found


def differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """Top-level fields that differ, passing addresses aside."""
    absent = object()
    names = sorted((ours.keys() | theirs.keys()) - PASSING)
    return tuple(name for name in names if ours.get(name, absent) != theirs.get(name, absent))


def _just_changed(ours: Ours, began: datetime) -> bool:
    times = [time for time in (ours.event_received, ours.fetched_at) if time is not None]
    return any(time + LIST_LAG > began for time in times)
