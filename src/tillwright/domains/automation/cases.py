"""The tests beside a definition: each gives what starts it and expects its requests; tried without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains import events
from tillwright.domains.automation import given as givens
from tillwright.domains.automation import rules, triggers
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Trigger
from tillwright.domains.automation.rehearsal import Rehearsed, rehearse
from tillwright.domains.automation.rules import STRIPE
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.domains.automation.waiting import moment
from tillwright.domains.events import SpineEvent
from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid, Problem

_GIVEN = ("event", "object", "inputs", "schedule", "webhook")
_KEYS = ("name", "given", "expect")


def read(data: Any, beside: str) -> Sequence[Mapping[str, Any]]:
    """The cases of a file.

    Args:
        beside: the file's name, for complaints.

    Raises:
        Invalid: every complaint about their form, each with its place.
    """
    if not is_list(data):
        raise Invalid("test_invalid", f"{beside} is no list of cases.", remedy="Each has name, given and expect.")
    problems: list[Problem] = []
    for number, case in enumerate(data, 1):
        place = f"{beside}: case {number}"
        if not is_map(case):
            problems.append(Problem("test_invalid", "A case is a map.", place, "Each has name, given and expect."))
            continue
        for key, known in ((None, _KEYS), ("given", _GIVEN), ("expect", ("state", "requests"))):
            part = case if key is None else case.get(key) or {}
            if not is_map(part):
                problems.append(Problem("test_invalid", f"`{key}` is a map.", place, f"Known: {', '.join(known)}."))
                continue
            problems += [
                Problem("key_unknown", f"There is no `{word}` here.", place, f"Known: {', '.join(known)}.")
                for word in part
                if word not in known
            ]
    if problems:
        raise Invalid.many(problems)
    return data


async def attempt(found: Definition, number: int, case: Mapping[str, Any]) -> dict[str, Any]:
    """`name`, `passed`, `expected` and `got` of one case."""
    expected: Mapping[str, Any] = case.get("expect") or {}
    wanted = {"state": expected.get("state", "DONE"), "requests": expected.get("requests", [])}
    trigger, body = _start(found, case.get("given") or {})
    got = _seen(await rehearse(found, trigger, body))
    return {"name": case.get("name", f"case {number}"), "passed": _fits(wanted, got), "expected": wanted, "got": got}


def _start(found: Definition, given: Mapping[str, Any]) -> tuple[Trigger, Mapping[str, Any] | None]:
    """What starts the case's run, and what `object` is in it; left out, it is the definition's first way to start."""
    body: Mapping[str, Any] = given.get("object") or {}
    first = found.rules[0]
    if "webhook" in given:
        data: Mapping[str, Any] = given["webhook"] or {}
        return triggers.delivered("msg_test", data, 0, livemode=False), data
    if "schedule" in given or (first.kind == "schedule" and "event" not in given):
        zone = next((rule.time_zone for rule in found.rules if rule.kind == "schedule"), "UTC")
        trigger = triggers.on_time(1, moment(given.get("schedule", 0)), zone, livemode=False)
        return trigger, trigger.data
    if "inputs" in given or (first.kind in givens.KINDS and "event" not in given):
        rule = next((one for one in found.rules if one.kind in givens.KINDS), first)
        identifier = str(body.get("id", "id")) if rule.object_type else None
        trigger = triggers.by_hand(
            rule, given.get("inputs") or {}, from_unix(0), name=rule.kind, key="test", livemode=False,
            object_id=identifier,
        )  # fmt: skip
        return trigger, body
    name = str(given.get("event") or first.listens_to)
    name = name if ":" in name else _named(name)
    return _happened(name.replace("*", "STRIPE"), body)


def _named(written: str) -> str:
    """The first event that a Stripe event's type or a scope means."""
    return next((rule.listens_to for rule in rules.awaited(written) if rule.listens_to), STRIPE + written)


def _happened(name: str, body: Mapping[str, Any]) -> tuple[Trigger, Mapping[str, Any]]:
    """An event of ours is completed by the table's example, so that a case says only what matters to it."""
    data = {key: value for row in events.called(name)[:1] for key, value in row.example.items()} | dict(body)
    if name.startswith(STRIPE):
        data = {"event_id": "evt_test", "created": 0, "livemode": False, "object_type": body.get("object", "object"),
                "object_id": body.get("id", "id")}  # fmt: skip
    trigger = triggers.trigger_of(SpineEvent(0, "test", name, data, from_unix(0)))
    return trigger, body if name.startswith(STRIPE) else data


def _seen(shown: Rehearsed) -> dict[str, Any]:
    return {"state": str(shown.state), "reason": shown.reason, "requests": [dict(one.request) for one in shown.planned]}


def _fits(wanted: Any, got: Any) -> bool:
    """Whether everything that is wanted is there; what a map does not name may be anything."""
    if is_map(wanted):
        return is_map(got) and all(key in got and _fits(value, got[key]) for key, value in wanted.items())
    if is_list(wanted):
        return is_list(got) and len(wanted) == len(got) and all(map(_fits, wanted, got))
    return wanted == got
