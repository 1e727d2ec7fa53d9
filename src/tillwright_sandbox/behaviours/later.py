"""What happens some time after a call: debits that settle, refunds that fail. Kept as private records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tillwright_sandbox.call import Call

F = TypeVar("F", bound=Callable[..., Any])
ACTIONS: dict[str, Callable[[Call, str], None]] = {}


def action(name: str) -> Callable[[F], F]:
    """Register what is done under a name when its time has come: (call, object id)."""

    def register(do: F) -> F:
        ACTIONS[name] = do
        return do

    return register


def plan(call: Call, seconds: int, name: str, id: str) -> None:
    """Do the named action on an object in `seconds` of virtual time."""
    due = {"object": "_due", "id": call.new_id("due"), "at": call.now + seconds, "action": name, "target": id}
    call.objects.insert(due)


def run_due(call: Call) -> int:
    """Do everything whose time has come, oldest first; answers how many. The clock calls this as it moves."""
    due = sorted((one for one in call.objects.find("_due") if one["at"] <= call.now), key=lambda one: one["at"])
    for one in due:
        call.objects.forget("_due", one["id"])
        ACTIONS[one["action"]](call, one["target"])
    return len(due)
