"""The filter and sort of the `/query` lists: a small LISP and a list of columns, made into SQL text and its values.

    (and (= status "ACTIVE") (or (ilike name "acme") (> start_time "2027-01-01T00:00:00Z")))

Operators: `and`, `or`, `not`; `=`, `!=`, `<`, `<=`, `>`, `>=`; `like`, `ilike` (without a `%` the text may stand
anywhere); `in` and `not-in` with several values; `null` and `not-null` with none. Columns are named in snake_case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, LiteralString, NoReturn

from tillwright.kit.errors import Invalid

LONGEST, DEEPEST, MOST_TERMS = 4_000, 16, 100
_TRIGRAM = 3  # letters that an index of parts of texts needs
_TOKEN = re.compile(r'\s*(?:([()])|("(?:[^"\\]|\\.)*")|([^\s()"]+))')
_COMPARED: Mapping[str, LiteralString] = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARGUMENTS = {"in": "at least one value", "not-in": "at least one value", "null": "no value", "not-null": "no value"}

Kind = Literal["text", "number", "boolean", "time"]


@dataclass(frozen=True)
class Column:
    """A column people may ask by: the SQL it stands for, and what its values are.

    `finders` are SQL functions, by operator, that know from an index which rows fulfil that operator with one value;
    `counters` know how many do. `always` is the value of a column that has one in every row.
    """

    sql: LiteralString
    kind: Kind = "text"
    finders: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])
    counters: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])
    always: str | None = None


@dataclass(frozen=True)
class Where:
    """A condition for `where`, with a `%s` for each value; true for every row when nothing was asked.

    `sought` has (finder, value) of terms that every row must fulfil: whoever has the finders can look there first.
    `counter` and its value stand for the whole condition, where that is one term that has a counter.
    """

    sql: LiteralString = "true"
    values: tuple[Any, ...] = ()
    sought: tuple[tuple[LiteralString, str], ...] = ()
    counter: tuple[LiteralString, str] | None = None


@dataclass(frozen=True)
class _Name:
    text: str


_Form = list[Any] | _Name | str
_HELP = 'Write it like (and (= status "ACTIVE") (ilike name "acme")).'


def where(text: str | None, columns: Mapping[str, Column]) -> Where:
    """A filter as a condition.

    Raises:
        Invalid: it is no filter, names an unknown column or operator, or is too long or deep (`field` is `q`).
    """
    if not (text or "").strip():
        return Where()
    form = _read(text or "")
    values: list[Any] = []
    condition = _condition(form, columns, values)
    return Where(
        condition, tuple(values), tuple(_sought(form, columns)), next(_sought(form, columns, counting=True), None)
    )


def order(text: str | None, columns: Mapping[str, Column], default: LiteralString) -> LiteralString:
    """A sort such as `creation_time:desc,name` or `-creation_time,name`, for `order by`; ends with `default`.

    Raises:
        Invalid: an unknown column or direction (`field` is `s`).
    """
    parts: list[LiteralString] = []
    for part in (text or "").split(","):
        word = part.strip()
        if not word:
            continue
        name, _, direction = word.removeprefix("-").partition(":")
        if name not in columns or direction not in ("", "asc", "desc") or (word.startswith("-") and direction):
            _no("sort_invalid", f"{word[:60]!r} is no sort of this list.", "s", f"Known columns: {', '.join(columns)}.")
        down = word.startswith("-") or direction == "desc"
        parts.append(columns[name].sql + (" desc nulls last" if down else " nulls last"))
    return ", ".join([*parts, default])


def _no(code: str, sentence: str, field: str, remedy: str = _HELP) -> NoReturn:
    raise Invalid(code, sentence, field=field, remedy=remedy)


def _read(text: str) -> _Form:
    if len(text) > LONGEST or "\0" in text:
        _no("filter_too_long", f"A filter has at most {LONGEST} characters, none of them NUL.", "q")
    stack: list[list[Any]] = [[]]
    place, terms = 0, 0
    rest = text.rstrip()
    while place < len(rest):
        found = _TOKEN.match(rest, place)
        if not found:
            _no("filter_malformed", f"The text that begins at character {place + 1} of the filter has no end.", "q")
        place = found.end()
        bracket, quoted, bare = found.groups()
        if bracket == "(":
            terms += 1
            stack.append([])
        elif bracket == ")":
            if len(stack) == 1:
                _no("filter_malformed", f"The filter closes a bracket too many at character {place}.", "q")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.S) if quoted else _Name(bare))
        if len(stack) > DEEPEST or terms > MOST_TERMS:
            _no("filter_too_big", f"A filter is at most {DEEPEST} deep and has at most {MOST_TERMS} terms.", "q")
    if len(stack) > 1:
        _no("filter_malformed", "The filter leaves a bracket open.", "q")
    if len(stack[0]) != 1:
        _no("filter_malformed", "A filter is one term in brackets.", "q")
    return stack[0][0]


def _condition(form: _Form, columns: Mapping[str, Column], values: list[Any]) -> LiteralString:
    if not isinstance(form, list) or not form or not isinstance(form[0], _Name):
        _no("filter_malformed", "Each term of a filter is an operator and what it works on, in brackets.", "q")
    operator, rest = form[0].text.lower(), form[1:]
    if operator in ("and", "or"):
        if not rest:
            _no("filter_malformed", f"`{operator}` needs at least one term.", "q")
        inner: list[LiteralString] = [_condition(term, columns, values) for term in rest]
        between: LiteralString = " and " if operator == "and" else " or "
        return "(" + between.join(inner) + ")"
    if operator == "not":
        if len(rest) != 1:
            _no("filter_malformed", "`not` needs one term.", "q")
        # A row whose column is empty is not equal to a value: people mean it to be found.
        return "(" + _condition(rest[0], columns, values) + ") is not true"
    if operator not in _COMPARED and operator not in ("like", "ilike", *_ARGUMENTS):
        known = ", ".join(["and", "or", "not", *_COMPARED, "like", "ilike", *_ARGUMENTS])
        _no("filter_operator_unknown", f"There is no operator {operator[:40]!r}.", "q", f"Known: {known}.")
    return _comparison(operator, rest, columns, values)


def _sought(
    form: _Form, columns: Mapping[str, Column], *, counting: bool = False
) -> Iterator[tuple[LiteralString, str]]:
    """Of a form that was found right: what must hold of every row, and can be looked for in an index.

    Args:
        counting: by the counters, and only if it is the whole of the form.
    """
    operator, *rest = form if isinstance(form, list) else [_Name("")]
    if operator.text.lower() == "and":
        if counting:
            rest = [term for term in rest if not _holds_anyway(term, columns)]
            if len(rest) > 1:
                return
        for term in rest:
            yield from _sought(term, columns, counting=counting)
        return
    column = columns.get(rest[0].text) if rest and isinstance(rest[0], _Name) else None
    if column is None:
        return
    finder = (column.counters if counting else column.finders).get(operator.text.lower())
    if finder is None:
        return
    text = rest[1] if isinstance(rest[1], str) else rest[1].text
    if isinstance(rest[1], _Name) and text == "null":
        return
    if operator.text.lower() in ("like", "ilike"):
        text = _pattern(text)
        if len(text.strip("%")) < _TRIGRAM:
            return
    yield finder, text


def _holds_anyway(form: _Form, columns: Mapping[str, Column]) -> bool:
    """Whether it asks that a column has the value it has in every row."""
    if not isinstance(form, list) or len(form) != 3 or not isinstance(form[1], _Name) or form[0].text != "=":
        return False
    column, value = columns.get(form[1].text), form[2]
    return column is not None and column.always is not None and column.always == getattr(value, "text", value)


def _pattern(text: str) -> str:
    return text if "%" in text else f"%{text}%"


def _comparison(operator: str, rest: Sequence[Any], columns: Mapping[str, Column], values: list[Any]) -> LiteralString:
    name = rest[0].text if rest and isinstance(rest[0], _Name) else None
    if name is None or name not in columns:
        said = f"There is no column {name[:60]!r} to ask by." if name else f"`{operator}` is not told which column."
        _no("filter_column_unknown", said, "q", f"Known columns: {', '.join(columns)}.")
    column, given = columns[name], rest[1:]
    wanted = _ARGUMENTS.get(operator, "one value")
    right = {"no value": not given, "at least one value": bool(given)}.get(wanted, len(given) == 1)
    if not right or any(isinstance(item, list) for item in given):
        _no("filter_malformed", f"`{operator} {name}` takes {wanted}.", "q")
    if operator in ("null", "not-null"):
        return column.sql + (" is null" if operator == "null" else " is not null")
    if operator in ("in", "not-in"):
        values.append([_value(name, column, item) for item in given])
        test: LiteralString = column.sql + " = any(%s)"
        return test if operator == "in" else "(" + test + ") is not true"
    if operator in ("like", "ilike"):
        pattern = given[0] if isinstance(given[0], str) else given[0].text
        values.append(_pattern(pattern))
        return column.sql + ("::text like %s" if operator == "like" else "::text ilike %s")
    if isinstance(given[0], _Name) and given[0].text == "null" and operator in ("=", "!="):
        return column.sql + (" is null" if operator == "=" else " is not null")
    values.append(_value(name, column, given[0]))
    return column.sql + " " + _COMPARED[operator] + " %s"


def _value(name: str, column: Column, item: _Name | str) -> Any:
    text = item if isinstance(item, str) else item.text
    try:
        return _KINDS[column.kind](text)
    except (ValueError, ArithmeticError, KeyError):
        _no("filter_value_invalid", f"{text[:60]!r} is no {column.kind} for {name}.", "q", _EXAMPLES[column.kind])


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


_KINDS: Mapping[Kind, Callable[[str], Any]] = {
    "text": str,
    "number": _number,
    "boolean": {"true": True, "false": False}.__getitem__,
    "time": _time,
}
_EXAMPLES: Mapping[Kind, str] = {
    "text": "Put the text in double quotes.",
    "number": "Write a number such as 12 or 12.5.",
    "boolean": "Write true or false.",
    "time": 'Write a time such as "2027-01-15T12:00:00Z".',
}
