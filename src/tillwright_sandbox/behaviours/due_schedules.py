"""What schedules and quotes do as time passes: phases begin and end, offers expire."""

from typing import Any

from tillwright_sandbox.behaviours import subscription_schedules
from tillwright_sandbox.call import Call
from tillwright_sandbox.objects import Objects

Obj = dict[str, Any]
EXPIRY_TOLD = 7 * 86_400  # before the end, in seconds


def next_due(_objects: Objects, schedule: Obj) -> int | None:
    """Unix seconds of the next phase, of the word that the last one ends soon, or of its end; None once it is over."""
    if schedule["status"] == "not_started":
        return schedule["phases"][0]["start_date"]
    if schedule["status"] == "active" and schedule["current_phase"]:
        end = schedule["current_phase"]["end_date"]
        if end == schedule["phases"][-1]["end_date"] and not schedule.get("_expiry_told"):
            return max(end - EXPIRY_TOLD, schedule["current_phase"]["start_date"])
        return end
    return None


def act(call: Call, schedule: Obj) -> None:
    if schedule["current_phase"] and call.now < schedule["current_phase"]["end_date"]:
        schedule["_expiry_told"] = True
        call.objects.touch(schedule)
        call.emit("subscription_schedule.expiring", schedule)
        return
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
