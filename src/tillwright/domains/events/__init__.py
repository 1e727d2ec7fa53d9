"""The event spine: what happened, recorded in the transaction that did it, handed on once to each consumer."""

from tillwright.domains.events.happenings import HAPPENINGS, Happening, called
from tillwright.domains.events.model import OCCURRENCE, SpineEvent
from tillwright.domains.events.service import behind, hand_on, hand_on_together, hold, newest, record, record_all, since

__all__ = [
    "HAPPENINGS",
    "OCCURRENCE",
    "Happening",
    "SpineEvent",
    "behind",
    "called",
    "hand_on",
    "hand_on_together",
    "hold",
    "newest",
    "record",
    "record_all",
    "since",
]
