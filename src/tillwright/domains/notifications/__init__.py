"""Notices to people and programs: an outbox that is committed with its cause and emptied at least once."""

from tillwright.domains.notifications.model import Channel, Message, MessageState
from tillwright.domains.notifications.service import Notifications

__all__ = ["Channel", "Message", "MessageState", "Notifications"]
