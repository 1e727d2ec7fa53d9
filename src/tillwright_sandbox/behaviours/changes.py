"""Change an object, and tell it only if something did change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from tillwright_sandbox.call import Call
from tillwright_sandbox.events import previous_attributes
from tillwright_sandbox.render import render


@contextmanager
def updating(call: Call, obj: dict[str, Any], event: str) -> Iterator[dict[str, Any]]:
    """Change `obj` inside the block; afterwards `event` is emitted, with what differs, if anything public does.

    What this call itself made is told by its …created event, which shows the final state.
    """
    if _made_now(call, obj):
        yield obj
        call.objects.touch(obj)
        return
    before = orjson.loads(orjson.dumps(_shown(call, obj)))
    yield obj
    call.objects.touch(obj)
    if differs := previous_attributes(before, _shown(call, obj)):
        call.emit(event, obj, differs)


def _made_now(call: Call, obj: dict[str, Any]) -> bool:
    undo = call.world.undo
    return undo.on and undo.before(call.objects, obj["object"], obj["id"]) is None


def _shown(call: Call, obj: dict[str, Any]) -> dict[str, Any]:
    """A subscription shows its items, which are stored on their own."""
    return render(call.objects, obj) if obj["object"] == "subscription" else obj
