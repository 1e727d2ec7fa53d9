"""What happens some time after a call: debits that settle, refunds that fail. Kept as private records."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from tillwright_sandbox.call import Call
from tillwright_sandbox.world import World

F = TypeVar("F", bound=Callable[..., Any])
ACTIONS: dict[str, Callable[[Call, str], None]] = {}
_wired: weakref.WeakSet[World] = weakref.WeakSet()


def action(name: str) -> Callable[[F], F]:
    """Register what is done under a name when its time has come: (call, object id)."""

    def register(do: F) -> F:
        ACTIONS[name] = do
        return do

    return register


def plan(call: Call, seconds: int, name: str, id: str) -> None:
    """Do the named action on an object in `seconds` by the world's clock (banks know no test clocks)."""
    at = call.world.clock.now() + seconds
    call.objects.insert({"object": "_due", "id": call.new_id("due"), "at": at, "action": name, "target": id})
    wire(call.world)


def wire(world: World) -> None:
    """Let the world's clock bring about what is due as it moves; once for a world, however often it is asked for."""
    if world not in _wired:
        _wired.add(world)
        world.clock.on_advance.append(lambda _before, _after: run_everywhere(world))


def run_everywhere(world: World) -> None:
    """Do what is due in every account and mode; each account's is all or nothing."""
    from tillwright_sandbox import pipeline  # which imports the behaviours

    for account in list(world.accounts.values()):
        for livemode in (False, True):
            if any(row.obj["at"] <= world.clock.now() for row in account.objects(livemode).select("_due")):
                with pipeline.act(world, account, livemode) as call:
                    run_due(call)


def run_due(call: Call) -> int:
    """Do everything whose time has come, oldest first; answers how many."""
    now = call.world.clock.now()
    due = sorted((one for one in call.objects.find("_due") if one["at"] <= now), key=lambda one: one["at"])
    for one in due:
        # Deleted, not forgotten: should the action fail, the record comes back with everything else.
        call.objects.delete("_due", one["id"])
        ACTIONS[one["action"]](call, one["target"])
    return len(due)
