"""What a signed body says about itself: which event it is and which object it names. The object stays unread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid

LARGEST_BODY = 1024 * 1024
"""Bytes; Stripe's largest events are a few tens of kilobytes."""
MOST_NESTING = 100
"""Levels of JSON; Stripe's deepest objects have about twenty."""
LONGEST_ID = 255

_TOKEN = re.compile(r"[!-~]{1,255}")
_LATEST = 1 << 37
"""Seconds since 1970 that a time can still be shown in: about the year 6300."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The outside of a Stripe event.

    `object_type` and `object_id` name what it is about (`balance` has no id of its own); both are None where the event
    names nothing. `thin` events name an object without carrying it. `body` is the whole event.
    """

    id: str
    type: str
    created: datetime
    livemode: bool
    account_id: str | None
    api_version: str | None
    object_type: str | None
    object_id: str | None
    thin: bool
    body: dict[str, Any]

    @property
    def snapshot(self) -> dict[str, Any] | None:
        """The object as the event carries it; None for a thin event or one that names nothing."""
        if self.thin or self.object_type is None:
            return None
        return cast("dict[str, Any]", self.body["data"]["object"])


def read(body: bytes) -> Envelope:
    """Read an event's bytes; types, fields and values never seen before are welcome.

    Raises:
        Invalid: too large, no UTF-8, no JSON, nested too deep, or not an event.
    """
    if len(body) > LARGEST_BODY:
        raise too_large()
    try:
        event: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _invalid("body_no_json", f"The body is not JSON in UTF-8: {error.msg}.") from None
    if not isinstance(event, dict):
        raise _invalid("body_no_event", "The body is JSON, but not an object.")
    if body.count(b"{") + body.count(b"[") > MOST_NESTING and _deeper_than(event, MOST_NESTING):
        raise _invalid("body_too_deep", f"The body is nested more than {MOST_NESTING} levels deep.")
    fields = cast("dict[str, Any]", event)
    thin = fields.get("object") == "v2.core.event"
    if not thin and fields.get("object") != "event":
        raise _invalid("body_no_event", 'The body is JSON, but its "object" is not "event".')
    named = fields.get("related_object") if thin else _dict(fields.get("data")).get("object")
    object_type, object_id = _names(_dict(named), "type" if thin else "object")
    return Envelope(
        id=_token(fields, "id"),
        type=_token(fields, "type"),
        created=_created(fields.get("created")),
        livemode=_livemode(fields.get("livemode")),
        account_id=_optional_token(fields.get("context" if thin else "account")),
        api_version=_optional_token(fields.get("api_version")),
        object_type=object_type,
        object_id=object_id,
        thin=thin,
        body=fields,
    )


def too_large() -> Invalid:
    """Also for a door that stops reading a body before its end."""
    return _invalid("body_too_large", f"The body is larger than {LARGEST_BODY} bytes.")


def _invalid(code: str, sentence: str, field: str | None = None) -> Invalid:
    return Invalid(code, sentence, field=field, remedy="Send a Stripe event exactly as Stripe made it.")


def _deeper_than(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _names(named: dict[str, Any], type_field: str) -> tuple[str | None, str | None]:
    object_type = _optional_token(named.get(type_field))
    if object_type is None:
        return None, None
    # A summary, such as that of what a customer is entitled to, is one a customer and goes by the customer's id.
    name = "customer" if object_type.endswith("_summary") and "id" not in named else "id"
    if name not in named:
        return object_type, object_type  # one of its kind, such as the balance
    given = named[name]
    usable = isinstance(given, str) and 0 < len(given) <= LONGEST_ID and given.isprintable()
    return (object_type, given) if usable else (None, None)


def _token(fields: dict[str, Any], name: str) -> str:
    value = _optional_token(fields.get(name))
    if value is None:
        raise _invalid("body_no_event", f'The event has no usable "{name}".', name)
    return value


def _optional_token(value: Any) -> str | None:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def _created(value: Any) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST:
        return from_unix(value)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # said below, as for every other unusable value
    raise _invalid("body_no_event", 'The event\'s "created" is no time.', "created")


def _livemode(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _invalid("body_no_event", 'The event does not say its "livemode".', "livemode")
