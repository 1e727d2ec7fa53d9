"""CEL, the language of conditions and values: compiled with every complaint in plain words, run within a budget."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cel

from tillwright.domains.automation import budget
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.kit import clock, money
from tillwright.kit.errors import Invalid

_SYNTAX = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)", re.DOTALL)
_LONGEST_TEXT = 100_000


def _show(amount: int, currency: str) -> str:
    return money.show(int(amount), currency)


def _date(seconds: int) -> str:
    return clock.from_unix(int(seconds)).date().isoformat()


def _month(seconds: int) -> int:
    return clock.from_unix(int(seconds)).month


def _year(seconds: int) -> int:
    return clock.from_unix(int(seconds)).year


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "money": _show,  # money(2900, "eur") -> "29.00 EUR"
    "date": _date,  # date(1767225600) -> "2026-01-01", in UTC
    "month": _month,  # month(1767225600) -> 1, in UTC
    "year": _year,
    "lower": str.lower,
    "upper": str.upper,
}


@dataclass(frozen=True)
class Expression:
    """A compiled expression: `roots` are the names it reads, `members` the (root, member) pairs."""

    source: str
    roots: frozenset[str]
    members: frozenset[tuple[str, str]]
    shape: budget.Shape
    program: cel.Program


class Scope:
    """The data expressions are run on, converted once; `data` must be JSON."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.longest = budget.longest(data)
        self.context = cel.Context(dict(data), dict(FUNCTIONS))


@lru_cache(maxsize=4096)
def compile(source: str) -> Expression:
    """Compile one expression.

    Raises:
        Invalid: `expression_invalid` or `expression_too_costly`, with what is wrong and where.
    """
    shape = budget.read(source)
    refusal = budget.complaint(source, shape)
    if refusal:
        raise Invalid("expression_too_costly", refusal, remedy="Say it in less, or in two steps.")
    if not source.strip():
        raise Invalid("expression_invalid", "The expression is empty.", remedy="Write a CEL expression.")
    try:
        program = cel.compile(source)
        roots = frozenset(program.variables()) - shape.bound
        unknown = sorted(name for name in program.functions() if name.isidentifier() and name not in _KNOWN_FUNCTIONS)
    except Exception as error:  # the binding raises builtin errors of many kinds
        raise Invalid("expression_invalid", _syntax(str(error)), remedy="See the reference of expressions.") from error
    if unknown:
        raise Invalid(
            "expression_invalid",
            f"There is no function {unknown[0]}().",
            remedy=f"Known: {', '.join(sorted(FUNCTIONS))}, and CEL's own.",
        )
    return Expression(source, roots, frozenset(shape.members), shape, program)


_CELS_OWN = """size has contains startsWith endsWith matches int uint double string bytes timestamp duration dyn type
getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds
min max"""
_KNOWN_FUNCTIONS = frozenset(FUNCTIONS) | frozenset(_CELS_OWN.split())


def _syntax(text: str) -> str:
    found = _SYNTAX.search(text)
    if not found:
        return "This is no CEL expression."
    reason = found.group(3).split("\n", 1)[0].split(" expecting ", 1)[0]
    return f"This is no CEL expression: {reason} at its column {found.group(2)}."


def evaluate(expression: Expression, scope: Scope) -> Any:
    """The value of an expression, as JSON.

    Raises:
        Invalid: `expression_failed` (a missing field, mixed types, an overflow …) or `expression_too_costly`.
    """
    if expression.shape.macros and budget.rounds(expression.shape, scope.longest) > budget.MOST_ROUNDS:
        raise Invalid(
            "expression_too_costly",
            f"`{expression.source}` would loop over too much data.",
            remedy="Loop over less, or avoid a loop inside a loop.",
        )
    try:
        return _json(expression.program.execute(scope.context))
    except Invalid:
        raise
    except KeyError as error:
        raise _failed(expression, f"there is no field {error}", "Guard it with has(…).") from error
    except Exception as error:  # the binding raises builtin errors of many kinds
        raise _failed(expression, str(error).split("\n", 1)[0].split(". ", 1)[0][:200], None) from error


def holds(expression: Expression, scope: Scope) -> bool:
    """Whether a condition is true.

    Raises:
        Invalid: as `evaluate`, and when the value is neither true nor false.
    """
    value = evaluate(expression, scope)
    if not isinstance(value, bool):
        raise _failed(expression, f"it gives {type(value).__name__}, not true or false", "Compare it with something.")
    return value


def _failed(expression: Expression, reason: str, remedy: str | None) -> Invalid:
    return Invalid("expression_failed", f"`{expression.source}` could not be worked out: {reason}.", remedy=remedy)


def _json(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise Invalid("expression_failed", "An expression gives no finite number.")
    if isinstance(value, str):
        if len(value) <= _LONGEST_TEXT:
            return value
        raise Invalid("expression_too_costly", f"An expression gives a text of {len(value)} characters.")
    if is_list(value):
        return [_json(item) for item in value]
    if is_map(value):
        return {str(key): _json(item) for key, item in value.items()}
    raise Invalid(
        "expression_failed",
        f"An expression gives a {type(value).__name__}, which JSON does not have.",
        remedy="Turn it into a text with string(…) or a number with int(…).",
    )
