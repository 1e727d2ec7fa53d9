"""Complaints about what a definition says of its start: triggers, limits, concurrency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from tillwright.domains.automation import cron, own_events, rules
from tillwright.domains.automation.complaints import NAME, Complaints, meant
from tillwright.domains.automation.inputs import Kind
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.domains.automation.values import Path
from tillwright.gateways.stripe import schemas

MOST_TRIGGERS = 20
CONCURRENCY = ("by customer", "by object", "one")
LIMITS = frozenset({"runs_per_day", "writes_per_day", "amount_per_run", "amount_per_day"})
LARGEST_AMOUNT = 10**12
_FIELDS = frozenset({"type", "summary", "required", "choices", "low", "high"})
_INPUT_KINDS = tuple(str(kind) for kind in get_args(Kind))


def triggers(check: Complaints, data: Mapping[str, Any]) -> bool:
    """Check them; whether they are good enough to type expressions by."""
    before = len(check.problems)
    if "trigger" in data and "triggers" in data:
        check.complain(("triggers",), "key_unknown", "There is `trigger` already", "Write all under `triggers:`.")
    if "triggers" not in data:
        _trigger(check, ("trigger",), data.get("trigger"))
    elif not is_list(data["triggers"]) or not 1 <= len(data["triggers"]) <= MOST_TRIGGERS:
        check.complain(("triggers",), "trigger_invalid", f"Triggers are a list of 1 to {MOST_TRIGGERS}")
    else:
        for index, one in enumerate(data["triggers"]):
            _trigger(check, ("triggers", index), one)
    return len(check.problems) == before and ("trigger" in data or "triggers" in data)


def _trigger(check: Complaints, path: Path, data: Any) -> None:
    if data is None or (isinstance(data, str) and data in rules.BARE):
        return
    if not is_map(data):
        return check.complain(path, "trigger_invalid", "A trigger is a map", "Write `stripe_event:` in it.")
    kinds = [word for word in rules.KINDS if word in data]
    for key in data:
        if key not in rules.KINDS:
            check.complain((*path, key), "key_unknown", f"There is no `{key}` here", meant(key, rules.KINDS))
    if len(kinds) != 1:
        return check.complain(
            path, "trigger_invalid", "A trigger is one thing", f"Give exactly one of {', '.join(rules.KINDS)}."
        )
    _KINDS[kinds[0]](check, (*path, kinds[0]), data[kinds[0]])


def _stripe_event(check: Complaints, path: Path, value: Any) -> None:
    if value is not None and value not in schemas.event_types():
        close = meant(value, schemas.event_types())
        remedy = close.replace("`", "") if close.startswith("Did") else "See Stripe's list of event types."
        check.complain(path, "event_unknown", f"Stripe has no event {value!r}", remedy)


def event_of_ours(check: Complaints, path: Path, value: Any) -> None:
    """Complain about a name that no event of ours has."""
    if wrong := own_events.complaint(value):
        check.complain(path, "event_unknown", *wrong)


def _schedule(check: Complaints, path: Path, value: Any) -> None:
    if not is_map(value):
        return check.complain(path, "schedule_invalid", "A schedule is a map", "Write `cron:` and `time_zone:` in it.")
    check.keys(path, value, {"cron"}, {"time_zone"})
    if wrong := "cron" in value and cron.complaint(value["cron"]):
        check.complain((*path, "cron"), "schedule_invalid", wrong, "Such as '0 9 * * 1', Mondays at nine.")
    zone = value.get("time_zone", "UTC")
    if zone not in cron.time_zones():
        check.complain(
            (*path, "time_zone"), "time_zone_unknown", f"There is no time zone {zone!r}", meant(zone, cron.time_zones())
            if str(zone).count("/") else "Such as Europe/Berlin.",
        )  # fmt: skip


def _webhook(check: Complaints, path: Path, value: Any) -> None:
    if value is None:
        return
    if not is_map(value):
        return check.complain(path, "trigger_invalid", "This is a map", "Write `{}` or `fields:` in it.")
    check.keys(path, value, (), {"fields"})
    _inputs(check, (*path, "fields"), value.get("fields"))


def _form(check: Complaints, path: Path, value: Any) -> None:
    if value is None:
        return
    if not is_map(value):
        return check.complain(path, "trigger_invalid", "This is a map", "Write `{}` or `inputs:` in it.")
    check.keys(path, value, (), {"inputs", "object"})
    kind = value.get("object")
    if kind is not None and schemas.shape_of(kind) == schemas.ANYTHING:
        check.complain((*path, "object"), "object_unknown", f"Stripe has no object {kind!r}", "Such as customer.")
    _inputs(check, (*path, "inputs"), value.get("inputs"))


def _inputs(check: Complaints, path: Path, data: Any) -> None:
    if data is None:
        return
    if not is_map(data):
        return check.complain(path, "inputs_invalid", "This is a map of names to what each is")
    for name, one in data.items():
        _input(check, (*path, name), name, one)


def _input(check: Complaints, path: Path, name: str, data: Any) -> None:
    if not NAME.fullmatch(name):
        check.complain(path, "name_invalid", f"{name!r} is no name", "Use a-z, 0-9 and _, a letter first, at most 63.")
    if not is_map(data):
        return check.complain(path, "inputs_invalid", "An input is a map", "Write `type: text` in it.")
    check.keys(path, data, (), _FIELDS)
    if data.get("type", "text") not in _INPUT_KINDS:
        check.complain(
            (*path, "type"), "type_unknown", f"There is no type {data['type']!r}", meant(data["type"], _INPUT_KINDS)
        )
    check.text((*path, "summary"), data.get("summary"), longest=200)
    if data.get("choices") is not None and not is_list(data["choices"]):
        check.complain((*path, "choices"), "inputs_invalid", "Choices are a list")


_KINDS = {
    "stripe_event": _stripe_event,
    "event": event_of_ours,
    "schedule": _schedule,
    "manual": _form,
    "api": _form,
    "webhook": _webhook,
}


def limits(check: Complaints, data: Any) -> None:
    """What a workflow may do in a run or a day at most."""
    if data is None:
        return
    if not is_map(data):
        return check.complain(("limits",), "limits_invalid", "Limits are a map", f"Known: {', '.join(sorted(LIMITS))}.")
    check.keys(("limits",), data, (), LIMITS)
    for name in ("runs_per_day", "writes_per_day"):
        check.whole(("limits", name), data.get(name), 1, 1_000_000)
    for name in ("amount_per_run", "amount_per_day"):
        amounts(check, ("limits", name), data.get(name))


def amounts(check: Complaints, path: Path, data: Any) -> None:
    """A map of currencies to whole minor units."""
    if data is None:
        return
    if not is_map(data) or not data:
        return check.complain(path, "limits_invalid", "This is a map of currencies to amounts", "Such as {eur: 5000}.")
    for currency, amount in data.items():
        if not re.fullmatch(r"[a-z]{3}", currency):
            check.complain((*path, currency), "currency_unknown", f"{currency!r} is no currency", "Such as eur.")
        check.whole((*path, currency), amount, 0, LARGEST_AMOUNT)
        if amount is None:
            check.complain((*path, currency), "limits_invalid", "An amount is missing", "In whole minor units.")


def concurrency(check: Complaints, value: Any) -> None:
    if value is not None and value not in CONCURRENCY:
        check.complain(
            ("concurrency",),
            "concurrency_unknown",
            f"{value!r} is no order of runs",
            f"One of: {', '.join(CONCURRENCY)}.",
        )
