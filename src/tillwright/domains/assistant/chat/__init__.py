"""A conversation with a model that can ask the tools: the user's own, streamed, counted, deleted at will."""

from tillwright.domains.assistant.chat.model import Choice, Conversation, Said, Spent, Turn
from tillwright.domains.assistant.chat.service import Chat

__all__ = ["Chat", "Choice", "Conversation", "Said", "Spent", "Turn"]
