"""What did an update change? The `previous_attributes` of Stripe's *.updated events."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tillwright_sandbox.call import Call

_MISSING = object()


def previous(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The old values of what differs; objects are compared key by key (a key that is new was null), lists as a whole."""
    found: dict[str, Any] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found[key] = previous(old, new)
        else:
            found[key] = old
    return found


@contextmanager
def updating(call: Call, obj: dict[str, Any], event: str) -> Iterator[dict[str, Any]]:
    """Change `obj` inside the block; afterwards it is stored, and `event` is emitted if anything differs."""
    call.objects.touch(obj)
    before = copy.deepcopy(obj)
    yield obj
    call.objects.touch(obj)
    if differs := previous(before, obj):
        call.emit(event, obj, differs)
