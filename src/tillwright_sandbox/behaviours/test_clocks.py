"""Test clocks: time of one's own for a few customers, moved by hand."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, renewals
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
KIND = "test_helpers.test_clock"
DAY = 86_400


@behaviour("PostTestHelpersTestClocks")
def create(call: Call) -> Obj:
    if call.livemode:
        raise invalid("Test clocks can only be used in test mode.")
    clock = generic.build(
        call,
        KIND,
        id=call.new_id("clock"),
        frozen_time=call.params["frozen_time"],
        name=call.params.get("name"),
        deletes_after=call.world.clock.now() + 30 * DAY,
        created=call.world.clock.now(),
        status="ready",
        status_details={},
    )
    call.objects.insert(clock)
    call.emit("test_helpers.test_clock.created", clock)
    return clock


@behaviour("PostTestHelpersTestClocksTestClockAdvance")
def advance(call: Call) -> Obj:
    """Let time pass for the clock's customers; forward only. Answers `advancing`, as Stripe does; the work is done."""
    clock = call.objects.get(KIND, call.path["test_clock"])
    to = call.params["frozen_time"]
    if to <= clock["frozen_time"]:
        raise invalid("frozen_time must be later than the clock's current frozen_time.", "frozen_time")
    call.emit("test_helpers.test_clock.advancing", clock)
    renewals.advance_clock(call, clock, to)
    clock["frozen_time"] = to
    call.objects.touch(clock)
    call.emit("test_helpers.test_clock.ready", clock)
    return {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": to}}}


@behaviour("DeleteTestHelpersTestClocksTestClock")
def delete(call: Call) -> Obj:
    """The clock goes with all its customers; their subscriptions end."""
    clock = call.objects.get(KIND, call.path["test_clock"])
    for kind in ("subscription", "subscription_schedule"):
        for obj in call.objects.find(kind, test_clock=clock["id"]):
            if obj["status"] not in ("canceled", "completed", "released", "incomplete_expired"):
                obj["status"] = "canceled"
                call.objects.touch(obj)
    for customer in call.objects.find("customer", test_clock=clock["id"]):
        call.objects.delete("customer", customer["id"])
    stub = call.objects.delete(KIND, clock["id"])
    call.emit("test_helpers.test_clock.deleted", clock)
    return stub
