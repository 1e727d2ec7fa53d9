"""A workflow's definition: its text understood, or every complaint about it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.automation import check_triggers, document, reading, rules
from tillwright.domains.automation import step as steps
from tillwright.domains.automation.chains import Shape
from tillwright.domains.automation.check_steps import MOST_STEPS, StepsCheck
from tillwright.domains.automation.complaints import Complaints
from tillwright.domains.automation.rules import Rule
from tillwright.domains.automation.shapes import is_map
from tillwright.domains.automation.step import Step
from tillwright.gateways.stripe.schemas import ANYTHING
from tillwright.kit.errors import Invalid, Problem

__all__ = ["Definition", "Step", "of", "parse"]

_KEYS = frozenset({"description", "when", "limits", "concurrency"})
EVENT: Mapping[str, Shape] = {
    **dict.fromkeys(("id", "type", "account"), "s"),
    "created": "i",
    "livemode": "b",
    "data": ANYTHING,
}
RUN: Shape = {"id": "s", "workflow": "s", "version": "i"}


@dataclass(frozen=True)
class Definition:
    """A checked definition; `rules` are the ways it starts."""

    name: str
    description: str
    rules: tuple[Rule, ...]
    when: str | None
    steps: tuple[Step, ...]
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    concurrency: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    @property
    def stripe_event(self) -> str:
        """The first type of Stripe event that starts it; empty if none does."""
        return next((rule.value for rule in self.rules if rule.kind == "stripe_event"), "")

    @property
    def starts(self) -> str:
        """What starts it, for a list."""
        return ", ".join(dict.fromkeys(rule.words for rule in self.rules))

    def every_step(self) -> Iterator[Step]:
        """All steps, those inside blocks too."""
        return steps.every(self.steps)

    def plain(self) -> dict[str, Any]:
        """The document it was read from, as JSON; `of` reads it back."""
        return dict(self.document)


def parse(text: str) -> Definition:
    """Understand a definition's text.

    Raises:
        Invalid: every complaint at once; each `field` is `line:column`.
    """
    read = document.read(text)
    check = Complaints(read)
    _whole(check, read.data)
    if check.problems:
        raise Invalid.many(sorted(check.problems, key=_by_place))
    return of(read.data)


def of(data: Mapping[str, Any]) -> Definition:
    """The definition of a document that was checked when it was saved."""
    return Definition(
        data["name"],
        (data.get("description") or "").strip(),
        rules.of(data),
        reading.condition(data.get("when")),
        reading.steps(data["steps"]),
        data.get("limits") or {},
        data.get("concurrency"),
        data,
    )


def _whole(check: Complaints, data: Any) -> None:
    if not is_map(data):
        return check.complain((), "definition_invalid", "A definition is a map", "Start with `name:`.")
    start = "triggers" if "triggers" in data else "trigger"
    check.keys((), data, {"name", start, "steps"}, _KEYS | {"trigger", "triggers"})
    check.name(("name",), data.get("name"))
    check.text(("description",), data.get("description"))
    good = check_triggers.triggers(check, data)
    check_triggers.limits(check, data.get("limits"))
    check_triggers.concurrency(check, data.get("concurrency"))
    found = rules.of(data) if good else ()
    at_start: dict[str, Shape] = {
        "event": {**EVENT, "data": rules.data_shape(found)},
        "object": rules.object_shape(found) if good else ANYTHING,
        "inputs": rules.input_shapes(found) if good else ANYTHING,
    }
    check.expression(("when",), data.get("when"), at_start)
    walk = StepsCheck(check, at_start | {"run": RUN})
    walk.steps(("steps",), data.get("steps"))
    if walk.count > MOST_STEPS:
        check.complain(("steps",), "steps_invalid", f"There are {walk.count} steps; at most {MOST_STEPS} are allowed")


def _by_place(problem: Problem) -> tuple[int, int]:
    line, _, column = (problem.field or "1:1").partition(":")
    return int(line), int(column)
