"""Billing meters: usage events per customer, and what they add up to in a span of time."""

from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
DAY = 86_400
_WINDOW: dict[str, int] = {"hour": 3600, "day": DAY}


@behaviour("PostBillingMeters")
def create(call: Call) -> Obj:
    params = call.params
    if call.objects.find("billing.meter", event_name=params["event_name"], status="active"):
        text = f"There is already an active meter with the event_name {params['event_name']}."
        raise invalid(text, "event_name", "resource_already_exists")
    params.setdefault("customer_mapping", {"event_payload_key": "stripe_customer_id", "type": "by_id"})
    params.setdefault("value_settings", {"event_payload_key": "value"})
    return generic.create(call)


@behaviour("PostBillingMetersIdDeactivate")
def deactivate(call: Call) -> Obj:
    return _switch(call, "inactive", call.now, "billing.meter.deactivated")


@behaviour("PostBillingMetersIdReactivate")
def reactivate(call: Call) -> Obj:
    return _switch(call, "active", None, "billing.meter.reactivated")


def _switch(call: Call, status: str, at: int | None, event: str) -> Obj:
    meter = call.objects.get("billing.meter", call.path["id"])
    if meter["status"] == status:
        raise invalid(f"This meter is already {status}.")
    meter |= {"status": status, "updated": call.now, "status_transitions": {"deactivated_at": at}}
    call.objects.touch(meter)
    call.emit(event, meter)
    return meter


@behaviour("PostBillingMeterEvents")
def record(call: Call) -> Obj:
    """One usage event: the payload names the customer and a whole or decimal number; identifiers count once."""
    params = call.params
    meters = call.objects.find("billing.meter", event_name=params["event_name"], status="active")
    if not meters:
        text = f"No active meter found for the event name '{params['event_name']}'."
        raise invalid(text, "event_name", "no_meter")
    meter, payload = meters[0], params["payload"]
    key = meter["customer_mapping"]["event_payload_key"]
    if not payload.get(key):
        raise invalid(f"Missing required payload key: {key}.", f"payload[{key}]", "parameter_missing")
    call.objects.get("customer", payload[key], param=f"payload[{key}]")
    value_key = meter["value_settings"]["event_payload_key"]
    if meter["default_aggregation"]["formula"] != "count":
        _number(payload.get(value_key), value_key)
    at = params.get("timestamp") or call.now
    if at > call.now + 300 or at < call.now - 35 * DAY:
        raise invalid("The timestamp must be within the past 35 days and no more than 5 minutes ahead.", "timestamp")
    identifier = params.get("identifier") or call.new_id("mtrevt")
    if call.objects.maybe("billing.meter_event", identifier):
        raise invalid(f"An event already exists with identifier {identifier}.", "identifier", "resource_already_exists")
    event = generic.build(
        call,
        "billing.meter_event",
        event_name=params["event_name"],
        identifier=identifier,
        payload=dict(payload),
        timestamp=at,
    )
    call.objects.insert(event, key=identifier, parent=("customer", payload[key]))
    return event


def _number(value: Any, key: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise invalid(
            f"The payload's `{key}` must be a number.", f"payload[{key}]", "parameter_invalid_integer"
        ) from None


def _aggregate(call: Call, meter: Obj, customer: str, start: int, end: int) -> float:
    """Sum, count or last value of the customer's events in [start, end)."""
    rows = [
        r.obj
        for r in call.objects.children("customer", customer, "billing.meter_event")
        if r.obj["event_name"] == meter["event_name"] and start <= r.obj["timestamp"] < end
    ]
    formula, key = meter["default_aggregation"]["formula"], meter["value_settings"]["event_payload_key"]
    if formula == "count":
        return len(rows)
    values = [(row["timestamp"], _number(row["payload"][key], key)) for row in reversed(rows)]
    if formula == "last":
        return max(values, key=lambda pair: pair[0])[1] if values else 0
    return sum(value for _, value in values)


def used(call: Call, meter_id: str | None, customer: str, start: int, end: int) -> int:
    """The quantity to bill for a span of time; a metered price without a meter has nothing recorded."""
    meter = call.objects.maybe("billing.meter", meter_id)
    return round(_aggregate(call, meter, customer, start, end)) if meter else 0


@behaviour("GetBillingMetersIdEventSummaries")
def summaries(call: Call) -> pages.Page:
    """One row for the whole span, or one for each hour or day of it."""
    meter, params = call.objects.get("billing.meter", call.path["id"]), call.params
    customer = call.objects.get("customer", params["customer"], param="customer")["id"]
    start: int = params["start_time"]
    end: int = params["end_time"]
    if end <= start:
        raise invalid("end_time must be later than start_time.", "end_time")
    step: int = _WINDOW.get(params.get("value_grouping_window", ""), end - start)
    rows = []
    for at in range(start, end, step):
        value = _aggregate(call, meter, customer, at, min(at + step, end))
        rows.append(
            {
                "id": f"mtrusg_{meter['id'].removeprefix('mtr_')}_{at}",
                "object": "billing.meter_event_summary",
                "aggregated_value": value,
                "end_time": min(at + step, end),
                "livemode": call.livemode,
                "meter": meter["id"],
                "start_time": at,
            }
        )
    return generic.listed(call, rows[::-1])
