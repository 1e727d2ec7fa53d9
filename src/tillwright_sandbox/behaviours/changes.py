"""Change an object, and tell it only if something did change."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tillwright_sandbox.call import Call


@contextmanager
def updating(call: Call, obj: dict[str, Any], event: str) -> Iterator[dict[str, Any]]:
    """Change `obj` inside the block; afterwards `event` is emitted if anything public differs.

    What this call itself made is told by its …created event, which shows the final state.
    """
    made_now = _made_now(call, obj)
    before = copy.deepcopy(obj)
    yield obj
    call.objects.touch(obj)
    if not made_now and _public(before) != _public(obj):
        call.emit(event, obj)


def _made_now(call: Call, obj: dict[str, Any]) -> bool:
    undo = call.world.undo
    return undo.on and undo.before(call.objects, obj["object"], obj["id"]) is None


def _public(obj: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in obj.items() if not name.startswith("_")}
