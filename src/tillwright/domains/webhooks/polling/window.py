"""Which events to ask for next, and when: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LAG = timedelta(minutes=2)
"""How late an event may appear in Stripe's list, and how far its clock may be from ours: so much is asked for twice."""
REACH = timedelta(days=30)
"""How far back Stripe's list goes."""
_EDGE = timedelta(hours=1)  # events at the edge of its reach may go while we page towards them
WITH_ENDPOINT = timedelta(minutes=5)
WITHOUT_ENDPOINT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Window:
    """Events made from `low` to `high`, both included; `lost`: where the time begins that nobody can ask for."""

    low: datetime
    high: datetime
    lost: datetime | None


def window(seen_until: datetime, now: datetime) -> Window:
    """What to ask for, everything before `seen_until` having been asked for."""
    wanted, oldest = seen_until - LAG, now - REACH + _EDGE
    return Window(max(wanted, oldest), now, seen_until if wanted < oldest else None)


def pause(endpoint_active: bool) -> timedelta:
    """How long to wait after a window: deliveries come by themselves where Stripe reaches us."""
    return WITH_ENDPOINT if endpoint_active else WITHOUT_ENDPOINT
