"""What a person or a program gives at a start, against what the trigger asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tillwright.domains.automation import inputs
from tillwright.domains.automation.rules import Rule
from tillwright.domains.automation.shapes import is_map
from tillwright.kit.errors import Invalid

KINDS = ("manual", "api", "webhook")
"""Starts that somebody makes, so that none is found in the past."""


def check(rule: Rule, given: Mapping[str, Any], object_id: str | None) -> None:
    """Raises Invalid with every complaint, each with its field."""
    problems = list(inputs.check(rule.inputs, given, draft=False))
    if problems:
        raise Invalid.many(problems)
    if rule.object_type and not object_id:
        raise Invalid(
            "object_missing", f"This run is about one {rule.object_type}.", field="object", remedy="Give its id."
        )


def body(raw: bytes, rule: Rule) -> Mapping[str, Any]:
    """The body of a delivery.

    Raises:
        Invalid: it is no JSON object, or lacks what the trigger's `fields` ask for.
    """
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Invalid("body_not_json", "The body is not JSON.", field="body") from None
    if not is_map(data):
        raise Invalid("body_not_object", "The body is no JSON object.", field="body", remedy="Send {…}.")
    if b"\\u0000" in orjson.dumps(data):
        raise Invalid("body_not_storable", "The body holds a character that no text may have.", field="body")
    # A sender may say more than was asked for, and will one day.
    asked = {name: value for name, value in data.items() if name in rule.inputs}
    problems = list(inputs.check(rule.inputs, asked, draft=False)) if rule.inputs else []
    if problems:
        raise Invalid.many(problems)
    return data
