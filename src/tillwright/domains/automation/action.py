"""What an action is: named inputs, and the pure function that makes of them one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.automation import inputs
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Request
from tillwright.kit.errors import Invalid, Problem


def _no_complaint(given: Mapping[str, Any]) -> Sequence[Problem]:
    return ()


@dataclass(frozen=True)
class Action:
    """`build` gets checked inputs without the ones left out; `cross` complains about inputs that don't go together."""

    name: str
    summary: str
    inputs: Mapping[str, Input]
    build: Callable[[Mapping[str, Any]], Request]
    cross: Callable[[Mapping[str, Any]], Sequence[Problem]] = field(default=_no_complaint)
    area: str = "Other"
    """What it is about, in one or two words; lists of actions are grouped by it."""
    generated: bool = False
    """Whether it is a row of the table made from Stripe's own description."""
    asks: bool = True
    """False: its request is `Values`, so nothing is asked of anybody, and a step of it is one transaction."""

    def problems(self, given: Mapping[str, Any], *, draft: bool) -> list[Problem]:
        """Every complaint about these inputs; a draft's `${…}` values are judged when the run gets there."""
        return [*inputs.check(self.inputs, given, draft=draft), *self.cross(given)]

    def schema(self) -> dict[str, Any]:
        """Its inputs as JSON Schema, for editors; an expression is allowed in place of any value."""
        return {
            "type": "object",
            "properties": {name: rule.schema() for name, rule in self.inputs.items()},
            "required": [name for name, rule in self.inputs.items() if rule.required],
            "additionalProperties": False,
        }

    def request(self, given: Mapping[str, Any]) -> Request:
        """The one request these inputs mean.

        Raises:
            Invalid: with every complaint about them.
        """
        problems = self.problems(given, draft=False)
        if problems:
            raise Invalid.many(problems)
        return self.build(inputs.plain(self.inputs, given))
