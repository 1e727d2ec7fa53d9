"""What an expression may cost, judged from its text before it is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.automation.shapes import is_list, is_map

LONGEST = 2_000
"""Characters of one expression."""
DEEPEST = 32
"""Brackets inside brackets."""
MOST_MACROS = 6
DEEPEST_MACROS = 2
MOST_OPERATORS = 60
MOST_GROWTH = 64
"""How many times its input a chain of `map` may make a value grow."""
MOST_ROUNDS = 2_500
"""How often the body of the innermost macro may run."""

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})

_TOKEN = re.compile(
    r"""
    (?P<string>(?:[rR]|[bB]|[rR][bB]|[bB][rR])?(?:'''[\s\S]*?'''|\"\"\"[\s\S]*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
  | (?P<comment>//[^\n]*)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9][0-9A-Za-z_.]*)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<dot>\.)
  | (?P<operator>&&|\|\||[<>=!]=|[-+*/%<>!?:])
  | (?P<other>\S)
    """,
    re.VERBOSE,
)


@dataclass
class Shape:
    """What the text of an expression shows: enough to bound its cost and to check the names it uses."""

    depth: int = 0
    macros: int = 0
    macro_depth: int = 0
    operators: int = 0
    additions: int = 0
    growth: int = 1
    bound: set[str] = field(default_factory=set[str])
    members: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(root, first member) of every `root.member`."""


@dataclass
class _Bracket:
    macro: str | None = None
    variable: str | None = None
    uses: int = -1  # the first sight of the variable is its declaration


def tokens(source: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each token; comments are left out."""
    for match in _TOKEN.finditer(source):
        if match.lastgroup and match.lastgroup != "comment":
            yield match.lastgroup, match.group()


def read(source: str) -> Shape:
    """The shape of a CEL expression, from its tokens alone."""
    shape = Shape()
    open_brackets: list[_Bracket] = []
    before: list[tuple[str, str]] = [("start", ""), ("start", ""), ("start", "")]
    for kind, text in tokens(source):
        if kind == "open":
            is_macro = text == "(" and before[-1][1] in MACROS and before[-2][0] == "dot"
            open_brackets.append(_Bracket(macro=before[-1][1] if is_macro else None))
            shape.depth = max(shape.depth, len(open_brackets))
            shape.macros += is_macro
            shape.macro_depth = max(shape.macro_depth, sum(1 for b in open_brackets if b.macro))
        elif kind == "close" and open_brackets:
            closed = open_brackets.pop()
            if closed.macro == "map":
                shape.growth *= max(1, closed.uses)
        elif kind == "name":
            _name(shape, open_brackets, before, text)
        elif kind == "operator":
            shape.operators += 1
            shape.additions += text == "+"
        before = [*before[1:], (kind, text)]
    return shape


def _name(shape: Shape, brackets: list[_Bracket], before: list[tuple[str, str]], text: str) -> None:
    if before[-1][0] == "dot":
        if before[-2][0] == "name" and before[-3][0] != "dot":
            shape.members.add((before[-2][1], text))
        return
    innermost = next((b for b in reversed(brackets) if b.macro), None)
    if innermost and innermost.variable is None and before[-1][0] == "open":
        innermost.variable = text
        shape.bound.add(text)
    for bracket in brackets:
        if bracket.variable == text:
            bracket.uses += 1


def complaint(source: str, shape: Shape) -> str | None:
    """Why an expression is too large to be run at all, as a sentence; None if it is not."""
    if len(source) > LONGEST:
        return f"The expression has {len(source)} characters; at most {LONGEST} are allowed."
    if shape.depth > DEEPEST:
        return f"The expression nests {shape.depth} brackets; at most {DEEPEST} are allowed."
    if shape.macros > MOST_MACROS or shape.macro_depth > DEEPEST_MACROS:
        return f"The expression loops too much: at most {MOST_MACROS} loops, {DEEPEST_MACROS} inside one another."
    if shape.operators > MOST_OPERATORS:
        return f"The expression has {shape.operators} operators; at most {MOST_OPERATORS} are allowed."
    if shape.growth > MOST_GROWTH:
        return "The expression copies its values too often in `map`."
    return None


def rounds(shape: Shape, longest_list: int) -> int:
    """An upper bound of how often the innermost body runs over data whose longest list or map is `longest_list`."""
    return (max(1, longest_list) * (1 + shape.additions)) ** shape.macro_depth


def longest(data: Any) -> int:
    """The number of items of the longest list or map anywhere in `data`."""
    most = 0
    left: list[Any] = [data]
    while left:
        value = left.pop()
        if is_map(value):
            most = max(most, len(value))
            left.extend(value.values())
        elif is_list(value):
            most = max(most, len(value))
            left.extend(value)
    return most
