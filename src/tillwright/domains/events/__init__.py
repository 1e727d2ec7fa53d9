"""The event spine: what happened, recorded in the transaction that did it, handed on once to each consumer."""

from tillwright.domains.events.model import SpineEvent
from tillwright.domains.events.service import behind, hand_on, hand_on_together, hold, record, record_all, since

__all__ = ["SpineEvent", "behind", "hand_on", "hand_on_together", "hold", "record", "record_all", "since"]
