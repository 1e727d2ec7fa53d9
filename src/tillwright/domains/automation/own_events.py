"""Events of ours as a definition names them: by their name, or by the scope of notifications they belong to."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from tillwright.domains import events
from tillwright.domains.automation.chains import Shape
from tillwright.domains.notifications import catalogue as notifications
from tillwright.gateways.stripe.schemas import ANYTHING

_NAME = re.compile(r"[a-z_]+(:[A-Za-z0-9_]+|:\*){2}")
_SCOPE = re.compile(r"[A-Z_]+\.[A-Z_]+")
_KINDS: Mapping[type, str] = {str: "s", int: "i", bool: "b"}
_SUCH_AS = "Such as entitlement:STRIPE:end_soon; * for any word."


def is_scope(value: str) -> bool:
    """Whether it is written as a scope is: `END_SOON.ENTITLEMENT`."""
    return bool(_SCOPE.fullmatch(value))


def answered(scope: str) -> Sequence[str]:
    """The names on the spine that a scope is about; none if there is no such scope any more."""
    found = notifications.catalogue().get(scope)
    return found.events if found else ()


def known() -> Sequence[str]:
    """Every name that can be written, for editors: those of the rows, then the scopes."""
    return [*(row.name for row in events.HAPPENINGS), *notifications.catalogue()]


def complaint(value: object) -> tuple[str, str] | None:
    """What is wrong with such a name, and the remedy; None if there can be such an event."""
    if not isinstance(value, str):
        return f"{value!r} is no event of ours", _SUCH_AS
    if value.startswith("stripe:"):
        return "Stripe's events are named by `stripe_event`", "Write it there."
    if is_scope(value):
        scopes = notifications.catalogue()
        return None if value in scopes else (f"There is no scope {value!r}", _meant(value, list(scopes)))
    if _NAME.fullmatch(value) and events.called(value):
        return None
    return f"{value!r} is no event of ours", _meant(value, known())


def shape_of(name: str) -> Shape:
    """The fields of an event of ours; of several that a `*` can mean, a field known to one is known."""
    rows = events.called(name)
    shapes = [{key: _KINDS.get(value.__class__, ANYTHING) for key, value in row.example.items()} for row in rows]
    return together(shapes) if shapes else ANYTHING


def together(shapes: Sequence[Mapping[str, Shape]]) -> Mapping[str, Shape]:
    """Every field of any of them; one that is not of one kind everywhere is left open."""
    merged: dict[str, Shape] = {}
    for shape in shapes:
        for key, kind in shape.items():
            merged[key] = kind if merged.get(key, kind) == kind else ANYTHING
    return merged


def _meant(value: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(value, names, 1)
    return f"Did you mean {close[0]}?" if close else _SUCH_AS
