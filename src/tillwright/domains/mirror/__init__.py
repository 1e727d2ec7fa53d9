"""The mirror: an organisation's Stripe objects as Stripe sent them, kept true by events, fetches and evidence."""

from tillwright.domains.mirror.model import BackfillState, Count, Day, EventCopy, MirrorObject, Progress
from tillwright.domains.mirror.service import FILTERS, Mirror

__all__ = ["FILTERS", "BackfillState", "Count", "Day", "EventCopy", "Mirror", "MirrorObject", "Progress"]
