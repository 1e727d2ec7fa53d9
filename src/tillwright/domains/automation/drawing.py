"""A definition's text as a drawing: the same parse that checks it, drawn as far as it can be understood. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tillwright.domains.automation import definition, document
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.document import Document
from tillwright.domains.automation.rules import KINDS
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.domains.automation.step import kind_of
from tillwright.domains.automation.values import Path
from tillwright.kit.errors import Invalid, Problem


@dataclass(frozen=True)
class Node:
    """One box: `line` is where it stands in the text, `wrong` how many complaints stand within it (not its branches).

    `asks`: a person has to say yes first. `branches` are (label, boxes).
    """

    id: str
    kind: str
    action: str
    detail: str
    when: str | None
    line: int
    wrong: int
    asks: bool
    branches: Sequence[tuple[str, Sequence[Node]]] = ()


@dataclass(frozen=True)
class Drawing:
    """Its name and what it is for, what starts it (a line each), the condition, the boxes, and every complaint."""

    name: str
    description: str
    starts: Sequence[str]
    when: str | None
    nodes: Sequence[Node]
    problems: Sequence[Problem]


def draw(source: str) -> Drawing:
    """Never raises: what can't be understood is not drawn, and complained about."""
    try:
        read = document.read(source)
    except Invalid as error:
        return Drawing("", "", (), None, (), error.problems)
    problems: Sequence[Problem] = ()
    try:
        definition.parse(source)
    except Invalid as error:
        problems = error.problems
    data: Any = read.data if is_map(read.data) else {}
    name = data.get("name")
    nodes = _Drawing(read, [_line(problem.field) for problem in problems]).block(("steps",), data.get("steps"))
    return Drawing(
        name if isinstance(name, str) else "",
        _text(data.get("description")) or "",
        _starts(data),
        _text(data.get("when")),
        nodes,
        problems,
    )


def _starts(data: Mapping[str, Any]) -> list[str]:
    given: Any = data["triggers"] if "triggers" in data else [data.get("trigger")]
    found: list[str] = []
    for one in given if is_list(given) else ():
        one = {one: None} if isinstance(one, str) else one
        kind = next((word for word in KINDS if is_map(one) and word in one), None)
        if kind is None:
            continue
        value: Any = one[kind]
        if kind == "schedule" and is_map(value):
            found.append(f"On time: {value.get('cron')} ({value.get('time_zone', 'UTC')})")
        elif kind in ("stripe_event", "event"):
            found.append(f"When {value} arrives")
        else:
            found.append({"manual": "Started by a person", "api": "Started by the API"}.get(kind, "A signed request"))
    return found


class _Drawing:
    """One walk over the steps of a document, whatever state it is in."""

    def __init__(self, read: Document, wrong: Sequence[int]) -> None:
        self._read = read
        self._wrong = wrong

    def block(self, path: Path, data: Any) -> list[Node]:
        steps: list[Any] = data if is_list(data) else []
        starts = [_line(self._read.where((*path, index))) for index in range(len(steps))]
        return [self._step((*path, i), one, starts[i]) for i, one in enumerate(steps) if is_map(one)]

    def _step(self, path: Path, data: Mapping[str, Any], line: int) -> Node:
        kind = kind_of(data) or "unknown"
        branches = [(label, self.block(where, block)) for label, where, block in _branches(path, kind, data)]
        mine = {_line(at) for at in (self._read.where(one) for one in self._read.places if one[: len(path)] == path)}
        theirs: set[int] = set()
        for _, where, _ in _branches(path, kind, data):
            theirs |= {
                _line(self._read.where(one)) for one in self._read.places if one[: len(where)] == where and one != where
            }
        own = mine - theirs
        return Node(
            id=str(data.get("id") or "?"),
            kind=kind,
            action=str(data.get("action") or kind),
            detail=_detail(kind, data),
            when=_text(data.get("when")),
            line=line,
            wrong=sum(place in own for place in self._wrong),
            asks="approval" in data,
            branches=branches,
        )


def _branches(path: Path, kind: str, data: Mapping[str, Any]) -> list[tuple[str, Path, Any]]:
    if kind == "if":
        return [(label, (*path, key), data.get(key)) for label, key in (("yes", "then"), ("no", "else"))]
    if kind == "for_each":
        return [("each", (*path, "steps"), data.get("steps"))]
    if kind == "switch":
        cases: Any = data.get("cases")
        found = [(str(value), (*path, "cases", value), cases[value]) for value in cases] if is_map(cases) else []
        return [*found, *([("else", (*path, "else"), data["else"])] if data.get("else") else [])]
    return []


def _detail(kind: str, data: Mapping[str, Any]) -> str:
    if kind == "action":
        action = catalogue().get(str(data.get("action")))
        return action.summary if action else "There is no such action."
    value: Any = data.get(kind)
    if kind == "wait" and is_map(value):
        words = {"for": "for", "until": "until", "event": "for", "at_most": "at most"}
        return ", ".join(f"{said} {value[word]}" for word, said in words.items() if word in value)
    if kind == "approval" and is_map(value):
        return str(value.get("ask") or "Ask a person.")
    return _text(value) or ""


def _text(value: Any) -> str | None:
    return None if value is None else str(value).strip()


def _line(place: str | None) -> int:
    head = (place or "1").partition(":")[0]
    return int(head) if head.isdigit() else 1
