"""A workflow's definition: its text understood, or every complaint about it at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from tillwright.domains.automation import conditions, document, values
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.document import Document
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.domains.automation.values import Path
from tillwright.kit.errors import Invalid, Problem

MOST_STEPS = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_AT_TRIGGER = frozenset({"event", "object"})
"""What a workflow's `when` can read; a step can also read the steps before it and its run."""
_IN_STEP = _AT_TRIGGER | {"steps", "run"}


@dataclass(frozen=True)
class Step:
    """`inputs` is what stands under `with:`, its `${…}` not yet filled in."""

    id: str
    action: str
    inputs: Mapping[str, Any]
    when: str | None = None


@dataclass(frozen=True)
class Definition:
    """A checked definition; `stripe_event` is the one event type that starts it."""

    name: str
    description: str
    stripe_event: str
    when: str | None
    steps: tuple[Step, ...]

    def plain(self) -> dict[str, Any]:
        """The document it was read from, as JSON; `of` reads it back."""
        steps = [
            {"id": s.id, "action": s.action, "with": dict(s.inputs)} | ({"when": s.when} if s.when else {})
            for s in self.steps
        ]
        head: dict[str, Any] = {"name": self.name, "description": self.description}
        return head | {"trigger": {"stripe_event": self.stripe_event}, "when": self.when, "steps": steps}


@lru_cache(maxsize=1)
def event_types() -> frozenset[str]:
    """Every event type Stripe has at the pinned API version."""
    text = resources.files("tillwright.domains.automation").joinpath("stripe_event_types.txt").read_text()
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def parse(text: str) -> Definition:
    """Understand a definition's text.

    Raises:
        Invalid: every complaint at once; each `field` is `line:column`.
    """
    read = document.read(text)
    check = _Check(read)
    check.whole(read.data)
    if check.problems:
        raise Invalid.many(sorted(check.problems, key=_by_place))
    return of(read.data)


def of(data: Mapping[str, Any]) -> Definition:
    """The definition of a document that was checked when it was saved."""
    steps = tuple(Step(s["id"], s["action"], s.get("with") or {}, _condition(s.get("when"))) for s in data["steps"])
    description = (data.get("description") or "").strip()
    return Definition(data["name"], description, data["trigger"]["stripe_event"], _condition(data.get("when")), steps)


def _condition(value: Any) -> str | None:
    """`when: true` is a boolean to YAML and an expression to us."""
    return ("true" if value else "false") if isinstance(value, bool) else value


def _by_place(problem: Problem) -> tuple[int, int]:
    line, _, column = (problem.field or "1:1").partition(":")
    return int(line), int(column)


def _named(path: Path) -> str:
    """`steps[0].with.name`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


class _Check:
    """One walk over a document that collects complaints instead of stopping at the first."""

    def __init__(self, read: Document) -> None:
        self.read = read
        self.problems: list[Problem] = []
        self.before: list[str] = []

    def complain(self, path: Path, code: str, sentence: str, remedy: str | None = None) -> None:
        place = f" (in {_named(path)})" if path else ""
        self.problems.append(Problem(code, sentence.rstrip(".") + place + ".", self.read.where(path), remedy))

    def whole(self, data: Any) -> None:
        if not is_map(data):
            return self.complain((), "definition_invalid", "A definition is a map", "Start with `name:`.")
        self.keys((), data, {"name", "trigger", "steps"}, {"description", "when"})
        self.name(("name",), data.get("name"))
        self.text(("description",), data.get("description"), required=False, longest=2_000)
        self.trigger(data.get("trigger"))
        self.expression(("when",), data.get("when"), _AT_TRIGGER)
        self.steps(data.get("steps"))

    def keys(self, path: Path, data: Mapping[str, Any], needed: set[str], optional: set[str]) -> None:
        for key in data:
            if key not in needed | optional:
                close = difflib.get_close_matches(key, needed | optional, 1)
                remedy = f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(sorted(needed | optional))}."
                self.complain((*path, key), "key_unknown", f"There is no `{key}` here", remedy)
        for key in sorted(needed - set(data)):
            self.complain(path, "key_missing", f"`{key}` is missing", f"Add `{key}:`.")

    def name(self, path: Path, value: Any) -> bool:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return True
        if value is not None or path[-1] not in ("name", "id"):
            self.complain(
                path,
                "name_invalid",
                f"{value!r} is no name",
                "Use a-z, 0-9 and _, a letter first, at most 63.",
            )
        return False

    def text(self, path: Path, value: Any, *, required: bool, longest: int) -> None:
        if value is None and not required:
            return
        if not isinstance(value, str) or len(value) > longest:
            self.complain(path, "text_invalid", f"This must be a text of at most {longest} characters")

    def trigger(self, data: Any) -> None:
        if data is None:
            return
        if not is_map(data):
            return self.complain(("trigger",), "trigger_invalid", "A trigger is a map", "Write `stripe_event:` in it.")
        self.keys(("trigger",), data, {"stripe_event"}, set())
        kind = data.get("stripe_event")
        if kind is not None and kind not in event_types():
            close = difflib.get_close_matches(str(kind), event_types(), 1)
            remedy = f"Did you mean {close[0]}?" if close else "See Stripe's list of event types."
            self.complain(("trigger", "stripe_event"), "event_unknown", f"Stripe has no event {kind!r}", remedy)

    def steps(self, data: Any) -> None:
        if data is None:
            return
        if not is_list(data) or not data:
            return self.complain(("steps",), "steps_invalid", "Steps are a list of at least one", "Write `- id: …`.")
        if len(data) > MOST_STEPS:
            self.complain(("steps",), "steps_invalid", f"There are {len(data)} steps; at most {MOST_STEPS} are allowed")
        for index, step in enumerate(data):
            self.step(("steps", index), step)

    def step(self, path: Path, data: Any) -> None:
        if not is_map(data):
            return self.complain(path, "step_invalid", "A step is a map", "Write `id:`, `action:` and `with:`.")
        self.keys(path, data, {"id", "action"}, {"with", "when"})
        identifier = data.get("id")
        named = self.name((*path, "id"), identifier)
        if identifier in self.before:
            self.complain((*path, "id"), "step_repeated", f"{identifier!r} is a step already", "Give it another id.")
        self.expression((*path, "when"), data.get("when"), _IN_STEP)
        self.action(path, data)
        if named:
            self.before.append(str(identifier))

    def action(self, path: Path, data: Mapping[str, Any]) -> None:
        given: Any = data.get("with")
        given = {} if given is None else given
        if not is_map(given):
            return self.complain((*path, "with"), "inputs_invalid", "`with` is a map of the action's inputs")
        for where, text in values.texts(given, (*path, "with")):
            self.template(where, text)
        wanted = data.get("action")
        if wanted is None:
            return None
        action = catalogue().get(str(wanted))
        if action is None:
            close = difflib.get_close_matches(str(wanted), catalogue(), 1)
            remedy = f"Did you mean {close[0]}?" if close else "See the list of actions."
            return self.complain((*path, "action"), "action_unknown", f"There is no action {wanted!r}", remedy)
        for problem in action.problems(given, draft=True):
            inside = (*path, "with", problem.field or "")
            self.complain(inside, problem.code, problem.sentence, problem.remedy)
        return None

    def template(self, path: Path, text: str) -> None:
        try:
            pieces = values.cut(text)
        except Invalid as error:
            return self.complain(path, error.code, error.sentence, error.remedy)
        for piece, is_expression in pieces:
            if is_expression:
                self.expression(path, piece.strip(), _IN_STEP)
        return None

    def expression(self, path: Path, source: Any, allowed: frozenset[str]) -> None:
        if source is None:
            return
        if isinstance(source, bool):
            source = "true" if source else "false"
        if not isinstance(source, str):
            return self.complain(path, "expression_invalid", "An expression is a text", "Put it in quotes.")
        try:
            expression = conditions.compile(source)
        except Invalid as error:
            return self.complain(path, error.code, error.sentence, error.remedy)
        for root in sorted(expression.roots - allowed):
            self.complain(path, "name_unknown", f"`{root}` is not known here", f"Known: {', '.join(sorted(allowed))}.")
        for root, member in sorted(expression.members):
            if root == "steps" and "steps" in allowed and member not in self.before:
                known = ", ".join(self.before) or "none, this is the first"
                self.complain(path, "step_unknown", f"No step before this one is called {member!r}", f"Known: {known}.")
        return None
