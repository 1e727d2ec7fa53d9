"""Complaints about the steps of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation import answers, own_events, periods
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.chains import Shape
from tillwright.domains.automation.check_triggers import event_of_ours
from tillwright.domains.automation.complaints import Complaints, Names, meant
from tillwright.domains.automation.rules import awaited, object_shape
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.domains.automation.step import CONTROLS, MOST_AT_ONCE, MOST_ITEMS, kind_of
from tillwright.domains.automation.values import Path
from tillwright.gateways.stripe import schemas
from tillwright.gateways.stripe.schemas import ANYTHING

MOST_STEPS = 200
DEEPEST = 5
"""Blocks inside blocks."""
_ACTION = frozenset({"with", "retry", "approval", "on_failure"})
_APPROVAL = frozenset({"role", "within", "ask", "when", "notify", "amount", "currency"})
ANSWERS: Mapping[str, Shape] = {
    "if": {"taken": "s"},
    "switch": {"taken": "s"},
    "for_each": {"count": "i", "done": "i", "items": "[a"},
    "wait": {"timed_out": "b", "event": ANYTHING, "object": ANYTHING},
    "approval": {"approved": "b", "by": "s", "note": "s", "failed": "b", "error": ANYTHING},
    "stop": {},
    "call": {"run": "s", "state": "s", "reason": "s", "failed": "b", "error": ANYTHING},
}
"""What later steps can read of a control step."""


class StepsCheck:
    """One walk over all steps; `names` is what an expression can read, `steps` aside."""

    def __init__(self, check: Complaints, names: Names) -> None:
        self.check = check
        self.names = dict(names)
        self.before: dict[str, Shape] = {}
        self.count = 0

    def readable(self) -> Names:
        return self.names | {"steps": self.before}

    def steps(self, path: Path, data: Any, depth: int = 0) -> None:
        if data is None:
            return
        if not is_list(data) or (not data and depth == 0):
            return self.check.complain(path, "steps_invalid", "Steps are a list of at least one", "Write `- id: …`.")
        if depth > DEEPEST:
            return self.check.complain(path, "steps_invalid", f"Steps are nested more than {DEEPEST} deep", "Flatten.")
        for index, step in enumerate(data):
            self.count += 1
            self.step((*path, index), step, depth)

    def step(self, path: Path, data: Any, depth: int) -> None:
        if not is_map(data):
            return self.check.complain(path, "step_invalid", "A step is a map", "Write `id:`, `action:` and `with:`.")
        kind = kind_of(data)
        needed, optional = CONTROLS.get(kind or "", (frozenset[str](), _ACTION))
        known = {"id", "when", "action" if kind in (None, "action") else kind, *needed, *optional}
        for key in data:
            if key not in known:
                # An unknown word in a step without an action is most likely a control's.
                words = known | set(CONTROLS) if kind is None else known
                self.check.complain((*path, key), "key_unknown", f"There is no `{key}` here", meant(key, words))
        missing = ({"id"} | ({"action"} if kind is None else needed)) - set(data)
        for key in sorted(missing):
            self.check.complain(path, "key_missing", f"`{key}` is missing", f"Add `{key}:`.")
        identifier = data.get("id")
        named = self.check.name((*path, "id"), identifier)
        if identifier in self.before:
            self.check.complain((*path, "id"), "step_repeated", f"{identifier!r} is a step already", "Rename it.")
        self.check.expression((*path, "when"), data.get("when"), self.readable())
        if data.get("on_failure") not in (None, "stop", "continue"):
            self.check.complain((*path, "on_failure"), "word_unknown", "After a failure: `stop` or `continue`")
        shape = ANSWERS.get(kind or "", ANYTHING)
        if kind in (None, "action"):
            shape = self.action(path, data)
        else:
            getattr(self, f"_{kind}")(path, data, depth)
        if named:
            self.before[str(identifier)] = shape

    def action(self, path: Path, data: Mapping[str, Any]) -> Shape:
        """Check an action's step; what later steps can read of it."""
        given = self.given(path, data)
        self.retry((*path, "retry"), data.get("retry"))
        if "approval" in data:
            self.approval((*path, "approval"), data["approval"])
        wanted = data.get("action")
        if wanted is None or given is None:
            return ANYTHING
        action = catalogue().get(str(wanted))
        if action is None:
            close = meant(wanted, catalogue())
            remedy = close.replace("`", "") if close.startswith("Did") else "See the list of actions."
            self.check.complain((*path, "action"), "action_unknown", f"There is no action {wanted!r}", remedy)
            return ANYTHING
        problems = action.problems(given, draft=True)
        for problem in problems:
            inside = (*path, "with", problem.field or "")
            self.check.complain(inside, problem.code, problem.sentence, problem.remedy)
        return ANYTHING if problems else answers.shape_of(action, given, goes_on=data.get("on_failure") == "continue")

    def given(self, path: Path, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        given: Any = data.get("with")
        given = {} if given is None else given
        if not is_map(given):
            self.check.complain((*path, "with"), "inputs_invalid", "`with` is a map of inputs")
            return None
        self.check.templates((*path, "with"), given, self.readable())
        return given

    def retry(self, path: Path, data: Any) -> None:
        if data is None:
            return
        if not is_map(data):
            return self.check.complain(path, "retry_invalid", "A retry is a map", "Write `times:` and `wait:` in it.")
        self.check.keys(path, data, {"times"}, {"wait"})
        self.check.whole((*path, "times"), data.get("times"), 1, 10)
        self.period((*path, "wait"), data.get("wait", "1m"))

    def period(self, path: Path, value: Any) -> None:
        if periods.seconds(value) is None:
            self.check.complain(path, "period_invalid", f"{value!r} is no span of time", "Such as 30m, 12h, 3d or 2w.")

    def approval(self, path: Path, data: Any) -> None:
        if data is None or data is True:
            return
        if not is_map(data):
            return self.check.complain(path, "approval_invalid", "An approval is a map", "Write `role:` in it, or {}.")
        self.check.keys(path, data, (), _APPROVAL)
        if data.get("role", "EDITOR") not in ("EDITOR", "ADMIN"):
            self.check.complain((*path, "role"), "role_unknown", "Who approves is EDITOR or ADMIN")
        self.period((*path, "within"), data.get("within", "3d"))
        self.check.text((*path, "ask"), data.get("ask"))
        self.check.templates((*path, "ask"), data.get("ask"), self.readable())
        for key in ("when", "amount", "currency"):
            self.check.expression((*path, key), data.get(key), self.readable())
        if data.get("notify") is not None and not is_list(data["notify"]):
            self.check.complain((*path, "notify"), "approval_invalid", "Who is told is a list of addresses")

    def _if(self, path: Path, data: Mapping[str, Any], depth: int) -> None:
        self.check.expression((*path, "if"), data.get("if"), self.readable())
        self.branches(path, {key: data.get(key) for key in ("then", "else")}, depth)

    def _switch(self, path: Path, data: Mapping[str, Any], depth: int) -> None:
        self.check.expression((*path, "switch"), data.get("switch"), self.readable())
        cases = data.get("cases")
        if cases is not None and not is_map(cases):
            self.check.complain((*path, "cases"), "switch_invalid", "Cases are a map of values to steps")
            cases = None
        self.branches((*path, "cases"), cases or {}, depth)
        self.branches(path, {"else": data.get("else")}, depth)

    def branches(self, path: Path, blocks: Mapping[str, Any], depth: int) -> None:
        """Each branch sees the steps before all of them; after them, the steps of each can be asked for with `has`."""
        before, seen = dict(self.before), dict(self.before)
        for name, block in blocks.items():
            self.before = dict(before)
            self.steps((*path, name), block, depth + 1)
            for step in set(self.before) & (set(seen) - set(before)):
                self.check.complain((*path, name), "step_repeated", f"{step!r} is a step already", "Rename it.")
            seen |= self.before
        self.before = seen

    def _for_each(self, path: Path, data: Mapping[str, Any], depth: int) -> None:
        self.check.expression((*path, "for_each"), data.get("for_each"), self.readable())
        self.check.whole((*path, "at_most"), data.get("at_most"), 1, MOST_ITEMS)
        self.check.whole((*path, "at_once"), data.get("at_once"), 1, MOST_AT_ONCE)
        item = data.get("as", "item")
        if self.check.name((*path, "as"), item) and item in self.readable():
            self.check.complain(
                (*path, "as"), "name_taken", f"`{item}` means something else here", "Name it otherwise."
            )
        names, before = self.names, dict(self.before)
        self.names = names | {str(item): ANYTHING, "index": "i"}
        self.steps((*path, "steps"), data.get("steps"), depth + 1)
        # What one round did is no other's business: afterwards only the loop's own answer can be read.
        self.names, self.before = names, before

    def _wait(self, path: Path, data: Mapping[str, Any], _: int) -> None:
        path, given = (*path, "wait"), data.get("wait")
        kinds = [word for word in ("for", "until", "event") if is_map(given) and word in given]
        if not is_map(given) or len(kinds) != 1:
            return self.check.complain(
                path, "wait_invalid", "A wait is a map with one of `for`, `until` and `event`", "Such as {for: 3d}."
            )
        if kinds[0] == "event":
            self.check.keys(path, given, {"event", "at_most"}, {"match"})
            self.awaited((*path, "event"), given["event"])
            self.period((*path, "at_most"), given.get("at_most"))
            names = dict(self.readable())
            names["arrived"] = _arrived(given["event"])
            self.check.expression((*path, "match"), given.get("match"), names)
        else:
            self.check.keys(path, given, {kinds[0]}, ())
            if kinds[0] == "for":
                self.period((*path, "for"), given["for"])
            else:
                self.check.expression((*path, "until"), given["until"], self.readable())
        return None

    def awaited(self, path: Path, value: Any) -> None:
        if isinstance(value, str) and (":" in value or own_events.is_scope(value)):
            event_of_ours(self.check, path, value)
        elif value not in schemas.event_types():
            self.check.complain(path, "event_unknown", f"Stripe has no event {value!r}",
                                meant(value, schemas.event_types()) if isinstance(value, str) else None)  # fmt: skip

    def _approval(self, path: Path, data: Mapping[str, Any], _: int) -> None:
        self.approval((*path, "approval"), data.get("approval"))
        if not is_map(data.get("approval")) or not data["approval"].get("ask"):
            self.check.complain((*path, "approval"), "approval_invalid", "An approval needs a question", "Add `ask:`.")

    def _stop(self, path: Path, data: Mapping[str, Any], _: int) -> None:
        self.check.text((*path, "stop"), data.get("stop"), required=True)
        self.check.templates((*path, "stop"), data.get("stop"), self.readable())
        if data.get("state", "done") not in ("done", "failed"):
            self.check.complain((*path, "state"), "word_unknown", "A run is stopped as `done` or `failed`")

    def _call(self, path: Path, data: Mapping[str, Any], _: int) -> None:
        self.check.name((*path, "call"), data.get("call"))
        self.given(path, data)


def _arrived(event: Any) -> Shape:
    if not isinstance(event, str):
        return {"event": ANYTHING, "object": ANYTHING}
    return {"event": ANYTHING, "object": object_shape(awaited(event))}
