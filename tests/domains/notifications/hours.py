"""Quiet hours and the one mail a day, at random moments of a zone: later, never lost, never in the night."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tillwright.domains.notifications.timing import DAY, digest_due, is_quiet, release


def check(dice: random.Random, zone: ZoneInfo, days: int = 2 * 365) -> None:
    """One moment, one pair of quiet hours, one hour of the day; raises where a rule is broken."""
    now = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(days * DAY))
    start, end, hour = dice.randrange(DAY), dice.randrange(DAY), dice.randrange(24)
    then = release(now, zone, start, end)
    local = then.astimezone(zone)
    assert now <= then <= now + timedelta(hours=50), (zone.key, now, start, end)
    skipped = local.hour * 60 + local.minute != end
    assert then == now or not is_quiet(local.hour * 60 + local.minute, start, end) or skipped, (zone.key, now)
    digest = digest_due(now, zone, hour)
    assert now < digest <= now + timedelta(hours=50), (zone.key, now, hour)
    assert digest.astimezone(zone).hour == hour or _is_skipped(digest, zone), (zone.key, now, hour)


def _is_skipped(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks change within the hours around."""
    offsets = {(moment + timedelta(hours=h)).astimezone(zone).utcoffset() for h in (-25, -3, 0, 3, 25)}
    return len(offsets) > 1
