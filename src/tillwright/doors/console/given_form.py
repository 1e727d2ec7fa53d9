"""The form of a start that somebody makes: its fields, as a trigger asks for them, and what was written into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.rules import Rule
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Invalid


def first(found: Sequence[Rule], kinds: Sequence[str]) -> Rule | None:
    """The first rule of one of these kinds, in the order of the kinds."""
    return next((rule for kind in kinds for rule in found if rule.kind == kind), None)


def read(visit: Visit, rule: Rule) -> Mapping[str, Any]:
    """What the form gives; a delivery whose fields are not said is one text of JSON.

    Raises:
        Invalid: that text is no JSON object.
    """
    if rule.kind == "webhook" and not rule.inputs:
        return _body(visit.text("body"))
    written = {name: visit.text(f"input-{name}").strip() for name in rule.inputs}
    return {name: _value(rule.inputs[name], text) for name, text in written.items() if text}


def _body(text: str) -> Mapping[str, Any]:
    try:
        data = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise Invalid("body_not_object", "The body is no JSON object.", field="body", remedy="Write {…}.")
    return data


def _value(rule: Input, text: str) -> Any:
    """A form's text as the kind the input wants; what does not fit is left for the checks to complain about."""
    if rule.kind == "boolean":
        return text == "true"
    if rule.kind in ("integer", "number"):
        try:
            return int(text) if rule.kind == "integer" else float(text)
        except ValueError:
            return text
    return [part.strip() for part in text.split(",")] if rule.kind == "texts" else text
