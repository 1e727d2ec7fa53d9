"""The words of a notice: a small language for merge tags, a small markup, and both forms a mail has."""

from tillwright.domains.notifications.templates.render import UNSUBSCRIBE, Frame, Rendered, check, render

__all__ = ["UNSUBSCRIBE", "Frame", "Rendered", "check", "render"]
