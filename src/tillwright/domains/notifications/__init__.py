"""Mails to people: an outbox that is committed with its cause and emptied at least once."""

from tillwright.domains.notifications.model import Message, MessageState
from tillwright.domains.notifications.service import Notifications

__all__ = ["Message", "MessageState", "Notifications"]
