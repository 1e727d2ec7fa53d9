"""How lists of objects are searched and paged: what people type as a pattern, a place as a cursor. Pure."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains.mirror.columns import UNDATED
from tillwright.domains.mirror.model import MirrorObject
from tillwright.kit.pages import decode_cursor, no_cursor_of_this_list


def pattern(search: str | None) -> str | None:
    """A text as a pattern for `like` over what an object is searched by; None where nothing was typed."""
    words = (search or "").strip().lower().replace("\0", "")
    if not words:
        return None
    for special in ("\\", "%", "_"):
        words = words.replace(special, "\\" + special)
    return f"%{words[:200]}%"


def place(shown: MirrorObject) -> tuple[str, str]:
    """The values of the cursor behind this object."""
    return (shown.created.isoformat() if shown.created else "", shown.id)


def before(cursor: str | None) -> tuple[datetime, str] | None:
    """The place a cursor stands for.

    Raises:
        Invalid: it is no cursor of a list of objects.
    """
    if cursor is None:
        return None
    created, object_id = decode_cursor(cursor, 2)
    try:
        return (datetime.fromisoformat(created) if created else UNDATED, str(object_id))
    except (TypeError, ValueError):
        raise no_cursor_of_this_list() from None
