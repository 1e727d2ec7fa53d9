"""Controls of the whole: its health, its clock, its state."""

from __future__ import annotations

from typing import Any

from .asked import Control, Refusal, Settings, flag


def health(control: Control, settings: Settings) -> Any:
    world = control.world
    counts = {
        account.id: {
            mode: {kind: objects.count(kind) for kind in sorted(objects.kinds) if objects.count(kind)}
            for mode, objects in (("test", account.test), ("live", account.live))
        }
        for account in world.accounts.values()
    }
    return {"ready": True, "now": world.clock.now(), "requests": world.requests, "objects": counts}


def read_clock(control: Control, settings: Settings) -> Any:
    return control.world.clock.state()


def move_clock(control: Control, settings: Settings) -> Any:
    clock = control.world.clock
    if "advance" in settings:
        clock.advance(float(settings["advance"]))
    elif "set" in settings:
        clock.set(float(settings["set"]))
    elif "freeze" in settings:
        _ = clock.freeze() if flag(settings["freeze"], "freeze") else clock.unfreeze()
    else:
        raise Refusal("Say what to do: advance (seconds), set (unix seconds), or freeze (true, false).")
    return clock.state()


def read_state(control: Control, settings: Settings) -> Any:
    return control.world.snapshot()


def save_state(control: Control, settings: Settings) -> Any:
    if control.save is None:
        raise LookupError("This sandbox keeps nothing on disk; start it with --data FOLDER.")
    control.save()
    return {"saved": True}


TABLE = (
    ("GET", "/health", health),
    ("GET", "/clock", read_clock),
    ("POST", "/clock", move_clock),
    ("GET", "/state", read_state),
    ("POST", "/state/save", save_state),
)
