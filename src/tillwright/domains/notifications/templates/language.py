"""Merge tags: Liquid with what a mail needs of it and nothing that reaches further.

Values are JSON; a name is looked up as a key and never as a Python attribute. There is no assignment, no inclusion and
no recursion, loops and output are counted, so every template ends soon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TextIO
from zoneinfo import ZoneInfo, available_timezones

from liquid import Environment, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError
from liquid.filter import with_context
from liquid.stringify import to_liquid_string

from tillwright.domains.notifications.templates import shield
from tillwright.kit import money
from tillwright.kit.errors import Invalid, Problem

LONGEST = 20_000
"""Characters of a template."""
TAGS = ("if", "unless", "case", "for", "comment")
FILTERS = ("capitalize", "default", "downcase", "first", "join", "last", "size", "strip", "truncate", "upcase")
OURS = ("date", "money", "time")
_NEEDED = ("content", "output", "illegal", "#")


class _Limited(Environment):
    block_nesting_limit = 8
    context_depth_limit = 8
    loop_iteration_limit = 2_000
    output_stream_limit = 200_000


class _ShieldedNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        # Whatever a value says is words: neither HTML nor our markup is made of it.
        return buffer.write(shield.shield(to_liquid_string(self.expression.evaluate(context), False)))


class _ShieldedOutput(Output):
    node_class = _ShieldedNode


@with_context
def _date(value: Any, *, context: RenderContext) -> str:
    at = _moment(value, context)
    return f"{at.day} {at:%B %Y}" if at else _text(value)


@with_context
def _time(value: Any, *, context: RenderContext) -> str:
    at = _moment(value, context)
    return f"{at.day} {at:%B %Y, %H:%M} {at.tzname()}" if at else _text(value)


def _money(value: Any, currency: Any = "") -> str:
    if type(value) is int and isinstance(currency, str) and 2 < len(currency) < 5 and abs(value) < 10**15:
        return money.show(value, currency)
    return _text(value)


def _moment(value: Any, context: RenderContext) -> datetime | None:
    name = context.resolve("timeZone")
    zone = ZoneInfo(name) if isinstance(name, str) and name in _zones() else ZoneInfo("UTC")
    try:
        return datetime.fromisoformat(value).astimezone(zone) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _environment() -> Environment:
    made = _Limited()
    made.add_tag(_ShieldedOutput)
    for name in [name for name in made.tags if name not in (*TAGS, *_NEEDED)]:
        del made.tags[name]
    for name in [name for name in made.filters if name not in FILTERS]:
        del made.filters[name]
    made.filters.update(date=_date, time=_time, money=_money)
    return made


def check(source: str, known: Iterable[str], *, field: str) -> list[Problem]:
    """Every complaint about a template, with `field:line` where it is.

    Args:
        known: the merge tags there are.
    """
    if len(source) > LONGEST:
        text = f"A template has at most {LONGEST:,} characters."
        return [Problem("template_too_long", text, field, "Shorten it.")]
    names = sorted(known)
    try:
        found = _environment().from_string(source).analyze()
    except LiquidError as error:
        return [_complaint(error, source, field)]
    except RecursionError:
        return [Problem("template_invalid", "The template is nested too deeply.", field, "Take a level out.")]
    wrong: list[tuple[int, Problem]] = []
    for name, places in found.globals.items():
        if name not in names:
            for place in places:
                line = _line(source, place.span.index)
                sentence = f"Line {line}: there is no merge tag {name!r} here."
                remedy = f"There are: {', '.join(names)}."
                wrong.append((line, Problem("merge_tag_unknown", sentence, f"{field}:{line}", remedy)))
    for name, spans in found.filters.items():
        if name not in (*FILTERS, *OURS):
            line = _line(source, spans[0].index)
            remedy = f"There are: {', '.join(sorted((*FILTERS, *OURS)))}."
            sentence = f"Line {line}: there is no filter {name!r}."
            wrong.append((line, Problem("filter_unknown", sentence, f"{field}:{line}", remedy)))
    return [problem for _, problem in sorted(wrong, key=lambda pair: pair[0])]


def fill(source: str, values: Mapping[str, Any], *, field: str = "body") -> str:
    """The template with its values, still as markup and with their marks shielded.

    Raises:
        Invalid: the template can't be filled: its syntax, a filter used on what it can't take, too long.
    """
    try:
        return _environment().from_string(shield.plain(source)).render(**values)
    except LiquidError as error:
        raise Invalid.many([_complaint(error, source, field)]) from None
    except (RecursionError, ValueError, TypeError, ArithmeticError) as error:
        sentence = f"The template can't be filled: {type(error).__name__}."
        raise Invalid("template_invalid", sentence, field=field, remedy="Look at its filters.") from error


def _complaint(error: LiquidError, source: str, field: str) -> Problem:
    token = error.token
    # What was never closed is told of at its end.
    index = token.start_index if token is not None and token.start_index >= 0 else max(0, len(source) - 1)
    line = _line(source, index)
    said = str(error).splitlines()[0].strip()
    remedy = "Write a merge tag as {{ name }}, a condition as {% if name %} … {% endif %}."
    if said.startswith("unexpected tag") or "not found" in said:
        remedy = f"These tags can be used: {', '.join(TAGS)}."
    return Problem("template_invalid", f"Line {line}: {said}.", f"{field}:{line}", remedy)


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, index) + 1
