"""The JSON Schema of a definition, for editors to complete and check by; made from the same tables as the check."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, get_args

from tillwright.domains.automation import own_events
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.check_triggers import CONCURRENCY
from tillwright.domains.automation.inputs import Kind
from tillwright.domains.automation.rules import BARE
from tillwright.domains.automation.step import MOST_AT_ONCE, MOST_ITEMS
from tillwright.gateways.stripe import schemas

_EXPRESSION: dict[str, Any] = {"type": ["string", "boolean", "integer"], "description": "A CEL expression."}
_EVENT: dict[str, Any] = {
    "anyOf": [{"enum": list(own_events.known())}, {"type": "string", "pattern": "^[a-z_]+(:([A-Za-z0-9_]+|[*])){2}$"}],
    "description": "A name of the event spine, `*` for any word; or a scope of notifications.",
}
_PERIOD: dict[str, Any] = {"type": "string", "pattern": r"^[1-9][0-9]*\s*(s|m|h|d|w)$"}
_AMOUNTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
_STEPS: dict[str, Any] = {"type": "array", "items": {"$ref": "#/$defs/step"}}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _trigger() -> dict[str, Any]:
    fields = {"type": "object", "additionalProperties": _object({
        "type": {"enum": list(get_args(Kind))}, "summary": {"type": "string"}, "required": {"type": "boolean"},
        "choices": {"type": "array"}, "low": {"type": "number"}, "high": {"type": "number"},
    })}  # fmt: skip
    form = _object({"object": {"type": "string"}, "inputs": fields})
    webhook = {
        **_object({"fields": fields}),
        "description": "A signed delivery to the workflow's own address; `fields` is what its body must have.",
    }
    return {"oneOf": [
        _object({"stripe_event": {"$ref": "#/$defs/stripe_event"}}, "stripe_event"),
        _object({"event": _EVENT}, "event"),
        _object({"schedule": _object({"cron": {"type": "string"}, "time_zone": {"type": "string"}}, "cron")},
                "schedule"),
        _object({"manual": {"anyOf": [form, {"type": "null"}]}}, "manual"),
        _object({"api": {"anyOf": [form, {"type": "null"}]}}, "api"),
        _object({"webhook": {"anyOf": [webhook, {"type": "null"}]}}, "webhook"),
        {"enum": list(BARE)},
    ]}  # fmt: skip


def _approval() -> dict[str, Any]:
    return _object({
        "role": {"enum": ["EDITOR", "ADMIN"]}, "within": _PERIOD, "ask": {"type": "string"}, "when": _EXPRESSION,
        "notify": {"type": "array", "items": {"type": "string"}}, "amount": _EXPRESSION, "currency": _EXPRESSION,
    })  # fmt: skip


def _action_steps() -> list[dict[str, Any]]:
    """`with` by the action's name; those generated from Stripe's own table are known by name only, to keep it small."""
    return [
        {"if": {"properties": {"action": {"const": name}}, "required": ["action"]},
         "then": {"properties": {"with": action.schema()}}}
        for name, action in catalogue().items() if not action.generated
    ]  # fmt: skip


def _step() -> dict[str, Any]:
    common = {"id": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "when": _EXPRESSION}
    on_failure = {"on_failure": {"enum": ["stop", "continue"]}}
    retry = _object({"times": {"type": "integer", "minimum": 1, "maximum": 10}, "wait": _PERIOD}, "times")
    wait = {"oneOf": [
        _object({"for": _PERIOD}, "for"),
        _object({"until": _EXPRESSION}, "until"),
        _object({"event": {"anyOf": [{"$ref": "#/$defs/stripe_event"}, _EVENT]}, "match": _EXPRESSION,
                 "at_most": _PERIOD}, "event", "at_most"),
    ]}  # fmt: skip
    kinds: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"action": {"enum": list(catalogue())}, "with": {"type": "object"}, "retry": retry, "approval": _approval(),
          **on_failure}, ("action",)),
        ({"if": _EXPRESSION, "then": _STEPS, "else": _STEPS}, ("if", "then")),
        ({"switch": _EXPRESSION, "cases": {"type": "object", "additionalProperties": _STEPS}, "else": _STEPS},
         ("switch", "cases")),
        ({"for_each": _EXPRESSION, "as": {"type": "string"}, "steps": _STEPS,
          "at_most": {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS},
          "at_once": {"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE}}, ("for_each", "steps")),
        ({"wait": wait}, ("wait",)),
        ({"approval": _approval(), **on_failure}, ("approval",)),
        ({"stop": {"type": "string"}, "state": {"enum": ["done", "failed"]}}, ("stop",)),
        ({"call": {"type": "string"}, "with": {"type": "object"}, **on_failure}, ("call",)),
    ]  # fmt: skip
    return {
        "oneOf": [_object({**common, **properties}, "id", *required) for properties, required in kinds],
        "allOf": _action_steps(),
    }


@lru_cache(maxsize=1)
def definition_schema() -> dict[str, Any]:
    """JSON Schema 2020-12."""
    page = _object({
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
        "description": {"type": "string", "maxLength": 2000},
        "trigger": {"$ref": "#/$defs/trigger"},
        "triggers": {"type": "array", "items": {"$ref": "#/$defs/trigger"}, "minItems": 1, "maxItems": 20},
        "when": _EXPRESSION,
        "concurrency": {"enum": list(CONCURRENCY)},
        "limits": _object({
            "runs_per_day": {"type": "integer", "minimum": 1}, "writes_per_day": {"type": "integer", "minimum": 1},
            "amount_per_run": _AMOUNTS, "amount_per_day": _AMOUNTS,
        }),
        "steps": {**_STEPS, "minItems": 1},
    }, "name", "steps")  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tillwright workflow",
        **page,
        "oneOf": [{"required": ["trigger"]}, {"required": ["triggers"]}],
        "$defs": {
            "trigger": _trigger(),
            "step": _step(),
            "stripe_event": {"enum": sorted(schemas.event_types())},
        },
    }  # fmt: skip
