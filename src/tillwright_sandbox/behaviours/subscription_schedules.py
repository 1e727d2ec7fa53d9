"""Subscription schedules: phases planned ahead; at their end the subscription is let go (by default) or canceled."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, schedule_phases, subscription_changes, subscription_states
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
OVER = ("canceled", "completed", "released")


@behaviour("PostSubscriptionSchedules")
def create(call: Call) -> Obj:
    """From phases, or from a running subscription as it stands."""
    params = copy.deepcopy(call.params)
    if params.get("from_subscription"):
        return _adopt(call, params)
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    if not params.get("phases"):
        raise invalid("Missing required param: phases.", "phases", "parameter_missing")
    customer = call.objects.get("customer", params["customer"], param="customer")
    start = call.now if params.get("start_date") in (None, "now") else params["start_date"]
    phases = schedule_phases.build(call, params["phases"], start)
    schedule = _make(call, customer, phases, params, "not_started")
    call.emit("subscription_schedule.created", schedule)
    if phases[0]["start_date"] <= call.now:
        enter(call, schedule, phases[0])
    return schedule


def _adopt(call: Call, params: Obj) -> Obj:
    if set(params) & {"phases", "customer", "start_date", "end_behavior", "default_settings"}:
        text = "`from_subscription` can't be combined with other parameters; update the schedule afterwards."
        raise invalid(text, "from_subscription")
    subscription = call.objects.get("subscription", params["from_subscription"], param="from_subscription")
    if subscription["schedule"]:
        text = "You cannot migrate a subscription that is already attached to a schedule: "
        raise invalid(f"{text}{subscription['schedule']}.", "from_subscription")
    if subscription["status"] in subscription_states.ENDED:
        raise invalid("You cannot make a schedule of a canceled subscription.", "from_subscription")
    customer = call.objects.get("customer", subscription["customer"])
    phase = schedule_phases.of_subscription(call, subscription)
    params["end_behavior"] = "cancel" if subscription["cancel_at_period_end"] else "release"
    schedule = _make(call, customer, [phase], params, "active")
    schedule["subscription"] = subscription["id"]
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    call.objects.touch(schedule)
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["schedule"] = schedule["id"]
    call.emit("subscription_schedule.created", schedule)
    return schedule


def _make(call: Call, customer: Obj, phases: list[Obj], params: Obj, status: str) -> Obj:
    settings = {
        "billing_cycle_anchor": "automatic",
        "automatic_tax": {"enabled": False, "liability": None, "disabled_reason": None},
        "collection_method": "charge_automatically",
        "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
        **(params.get("default_settings") or {}),
    }
    schedule = generic.build(
        call,
        "subscription_schedule",
        id=call.new_id("sub_sched"),
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}},
        customer=customer["id"],
        default_settings=settings,
        end_behavior=params.get("end_behavior") or "release",
        metadata=dict(params.get("metadata") or {}),
        phases=phases,
        status=status,
        test_clock=customer.get("test_clock"),
    )
    return call.objects.insert(schedule)


def enter(call: Call, schedule: Obj, phase: Obj) -> None:
    """A phase begins: the schedule is active and its subscription follows."""
    with updating(call, schedule, "subscription_schedule.updated"):
        schedule["status"] = "active"
        schedule_phases.begin(call, schedule, phase)


def finish(call: Call, schedule: Obj) -> None:
    """After the last phase: let the subscription go on by itself, or cancel it."""
    subscription = call.objects.maybe("subscription", schedule["subscription"])
    if schedule["end_behavior"] == "cancel":
        with updating(call, schedule, "subscription_schedule.updated"):
            schedule |= {"status": "completed", "completed_at": call.now, "current_phase": None}
        call.emit("subscription_schedule.completed", schedule)
        if subscription and subscription["status"] not in subscription_states.ENDED:
            subscription_states.cancel(call, subscription)
    else:
        _let_go(call, schedule)
        # Its phases are done, which Stripe tells besides the release (its CLI's own fixture waits for it).
        call.emit("subscription_schedule.completed", schedule)


def _let_go(call: Call, schedule: Obj, keep_date: bool = False) -> None:
    subscription = call.objects.maybe("subscription", schedule["subscription"])
    last = schedule["phases"][-1]["end_date"]
    with updating(call, schedule, "subscription_schedule.updated"):
        schedule |= {
            "status": "released",
            "released_at": call.now,
            "released_subscription": schedule["subscription"],
            "subscription": None,
            "current_phase": None,
        }
    if subscription:
        with updating(call, subscription, "customer.subscription.updated"):
            subscription["schedule"] = None
            if keep_date and schedule["end_behavior"] == "cancel":
                subscription["cancel_at"] = last
    call.emit("subscription_schedule.released", schedule)


def _living(call: Call) -> Obj:
    schedule = call.objects.get("subscription_schedule", call.path["schedule"])
    if schedule["status"] in OVER:
        text = f"This subscription schedule is {schedule['status']}; only one that is active or not started can change."
        raise invalid(text)
    return schedule


@behaviour("PostSubscriptionSchedulesSchedule")
def update(call: Call) -> Obj:
    """New phases replace the old; the one that runs now is applied at once."""
    schedule, params = _living(call), copy.deepcopy(call.params)
    with updating(call, schedule, "subscription_schedule.updated"):
        generic.apply(schedule, {name: params[name] for name in ("metadata", "end_behavior") if name in params})
        if params.get("default_settings"):
            schedule["default_settings"] |= params["default_settings"]
        if params.get("phases"):
            start = (schedule["current_phase"] or schedule["phases"][0])["start_date"]
            schedule["phases"] = schedule_phases.build(call, params["phases"], start)
            running = next((p for p in schedule["phases"] if p["start_date"] <= call.now < p["end_date"]), None)
            if running and schedule["status"] == "active":
                if params.get("proration_behavior"):
                    running = {**running, "proration_behavior": params["proration_behavior"]}
                schedule_phases.begin(call, schedule, running)
    return schedule


@behaviour("PostSubscriptionSchedulesScheduleRelease")
def release(call: Call) -> Obj:
    schedule = _living(call)
    _let_go(call, schedule, bool(call.params.get("preserve_cancel_date")))
    return schedule


@behaviour("PostSubscriptionSchedulesScheduleCancel")
def cancel(call: Call) -> Obj:
    """The schedule and its subscription end now."""
    schedule = _living(call)
    with updating(call, schedule, "subscription_schedule.updated"):
        schedule |= {"status": "canceled", "canceled_at": call.now, "current_phase": None}
    call.emit("subscription_schedule.canceled", schedule)
    subscription = call.objects.maybe("subscription", schedule["subscription"])
    if subscription and subscription["status"] not in subscription_states.ENDED:
        subscription_changes.end_now(call, subscription, call.params)
    return schedule
