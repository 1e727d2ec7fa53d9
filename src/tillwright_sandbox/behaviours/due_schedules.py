"""What schedules and quotes do as time passes: phases begin and end, offers expire."""

from typing import Any

from tillwright_sandbox.behaviours import subscription_schedules
from tillwright_sandbox.call import Call
from tillwright_sandbox.objects import Objects

Obj = dict[str, Any]


def next_due(_objects: Objects, schedule: Obj) -> int | None:
    """Unix seconds of the next phase's beginning or the last one's end; None once it is over."""
    if schedule["status"] == "not_started":
        return schedule["phases"][0]["start_date"]
    if schedule["status"] == "active" and schedule["current_phase"]:
        return schedule["current_phase"]["end_date"]
    return None


def act(call: Call, schedule: Obj) -> None:
    started = schedule["current_phase"]["start_date"] if schedule["current_phase"] else None
    after = [p for p in schedule["phases"] if started is None or p["start_date"] > started]
    if after:
        subscription_schedules.enter(call, schedule, after[0])
    else:
        subscription_schedules.finish(call, schedule)


def expire_quote(call: Call, quote: Obj) -> None:
    """A quote nobody accepted in time is canceled."""
    quote |= {"status": "canceled"}
    quote["status_transitions"]["canceled_at"] = call.now
    call.objects.touch(quote)
    call.emit("quote.canceled", quote)
