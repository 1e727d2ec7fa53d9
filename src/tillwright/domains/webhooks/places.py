"""Where a page of stored events begins: behind a place in the order of arrival, or in that of happening. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tillwright.domains.webhooks.model import StripeEvent
from tillwright.kit.pages import decode_cursor, no_cursor_of_this_list


@dataclass(frozen=True)
class Behind:
    """`place` is an event's; `created` is when it happened, in a list that goes by that."""

    place: int
    created: datetime | None = None


def place(event: StripeEvent, *, by_time: bool) -> tuple[int] | tuple[int, str]:
    """The values of the cursor behind this event."""
    return (event.place, event.created.isoformat()) if by_time else (event.place,)


def behind(cursor: str | None, *, by_time: bool) -> Behind | None:
    """What a cursor stands for.

    Raises:
        Invalid: it is no cursor of a list in this order.
    """
    if cursor is None:
        return None
    number, *created = decode_cursor(cursor, 2 if by_time else 1)
    try:
        at = datetime.fromisoformat(created[0]) if by_time else None
    except (TypeError, ValueError):
        at = None
    if not isinstance(number, int) or by_time != (at is not None):
        raise no_cursor_of_this_list()
    return Behind(number, at)
