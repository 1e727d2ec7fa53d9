"""Expressions: what they give, how they fail, and what they may cost."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from tillwright.domains.automation import budget, conditions
from tillwright.domains.automation.conditions import Scope
from tillwright.kit.errors import Invalid

INVOICE = {
    "id": "in_1",
    "amount_due": 2900,
    "currency": "eur",
    "customer": None,
    "created": 1767225600,
    "lines": [{"amount": 1000}, {"amount": 1900}],
}
SCOPE = Scope({"object": INVOICE, "event": {"type": "invoice.payment_failed"}})


def value(source: str, scope: Scope = SCOPE) -> Any:
    return conditions.evaluate(conditions.compile(source), scope)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("object.amount_due >= 2000", True),
        ("object.amount_due / 3", 966),
        ("object.customer == null", True),
        ("has(object.nothing)", False),
        ("object.lines.exists(l, l.amount > 1500)", True),
        ("object.lines.map(l, l.amount)", [1000, 1900]),
        ("object.lines.filter(l, l.amount > 1500).size()", 1),
        ("money(object.amount_due, object.currency)", "29.00 EUR"),
        ("money(500, 'jpy')", "500 JPY"),
        ("date(object.created)", "2026-01-01"),
        ("upper(object.currency) + lower('X')", "EURx"),
        ("object.currency in ['eur', 'usd'] ? 'yes' : 'no'", "yes"),
        ("{'a': object.id}", {"a": "in_1"}),
        ("event.type.startsWith('invoice.')", True),
    ],
)
def test_values(source: str, expected: Any) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "code", "part"),
    [
        ("object.nope > 1", "expression_failed", "no field 'nope'"),
        ("object.amount_due * 1.5", "expression_failed", "No such overload"),
        ("1 / 0", "expression_failed", "division by zero"),
        ("9223372036854775807 + 1", "expression_failed", "overflow"),
        ("timestamp('2026-01-01T00:00:00Z')", "expression_failed", "datetime"),
        ("b'bytes'", "expression_failed", "bytes"),
    ],
)
def test_what_fails_when_it_is_run(source: str, code: str, part: str) -> None:
    with pytest.raises(Invalid, match=part) as raised:
        value(source)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("", "empty"),
        ("object.amount_due >", "column"),
        ("object.amount_due => 1", "column"),
        ("a b", "column"),
        ("open('x')", r"no function open\(\)"),
        ("__import__('os')", "no function __import__"),
    ],
)
def test_what_does_not_compile(source: str, part: str) -> None:
    with pytest.raises(Invalid, match=part) as raised:
        conditions.compile(source)
    assert raised.value.code == "expression_invalid"


@pytest.mark.parametrize(
    "source",
    [
        "object.__class__",
        "object.__class__.__mro__",
        "object.id.__class__",
        "''.__class__.__mro__[1].__subclasses__()",
        "money.__globals__",
        "object.get('id')",
        "object['__class__']",
        "{{ object }}",
        "${object}",
        "object.id.format(1)",
        "type(object).__bases__",
        "lambda: 1",
        "[x for x in [1]]",
    ],
)
def test_there_is_no_way_out_to_python(source: str) -> None:
    with pytest.raises(Invalid):
        value(source)


@pytest.mark.parametrize(
    "source",
    [
        "1 + " * 600 + "1",
        "(" * 40 + "1" + ")" * 40,
        "object.lines.map(a, object.lines.map(b, object.lines.map(c, c)))",
        "[1].map(a, a).map(a, a).map(a, a).map(a, a).map(a, a).map(a, a).map(a, a)",
        "['x'].map(a, a + a + a + a + a).map(a, a + a + a + a + a).map(a, a + a + a + a + a)",
    ],
)
def test_what_would_cost_too_much_does_not_compile(source: str) -> None:
    with pytest.raises(Invalid) as raised:
        conditions.compile(source)
    assert raised.value.code == "expression_too_costly"


def test_a_loop_in_a_loop_over_much_data_is_refused_before_it_starts() -> None:
    many = Scope({"object": {"lines": list(range(1000))}})
    assert value("object.lines.map(a, a).size()", many) == 1000
    started = time.perf_counter()
    with pytest.raises(Invalid, match="too much data"):
        value("object.lines.map(a, object.lines.map(b, b))", many)
    assert time.perf_counter() - started < 1


def test_a_condition_must_be_true_or_false() -> None:
    assert conditions.holds(conditions.compile("object.amount_due > 1"), SCOPE) is True
    with pytest.raises(Invalid, match="not true or false"):
        conditions.holds(conditions.compile("object.amount_due"), SCOPE)


def test_the_names_an_expression_reads_are_known() -> None:
    expression = conditions.compile("steps.coupon.id == 'x' && object.lines.exists(l, l.amount > run.version)")
    assert expression.roots == {"steps", "object", "run"}
    assert ("steps", "coupon") in expression.members
    assert budget.longest({"a": [1, [2, 3, 4, 5]], "b": {}}) == 4


PROGRAMS = int(os.environ.get("TRIAL_PROGRAMS", "6000"))
BUDGET = 0.010
"""Seconds of processor time for compiling and running one program."""
WORDS = [
    "object", ".amount_due", ".lines", "[0]", "(", ")", "[", "]", "{", "}", "'a'", "1", "2.5", "+", "-", "*", "/",
    "%", "&&", "||", "!", "==", "<", "?", ":", ",", ".map(a, a)", ".filter(b, b)", ".exists(c, true)", "has(",
    "size(", "money(", "null", "true", "in", "\\", '"', "\x00", "💶", "__class__", "r'", "b\"", "'''", "//", "0x",
    "1e999", "1u",
]  # fmt: skip
LEAVES = [
    "object.amount_due", "object.lines", "object.id", "many", "event.type", "'a'", "''", "1", "-1", "2.5", "null",
    "true", "9223372036854775807", "[]", "{}", "[1, 'a', null]", "{'a': {'b': [1]}}", "money", "object.__class__",
    "''.__class__.__mro__", "money.__globals__", "__builtins__", "self", "''.format", "type(1)", "dyn(object)",
]  # fmt: skip
FORMS = [
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "({0} % {1})", "({0} == {1})", "({0} < {1})",
    "({0} && {1})", "({0} || {1})", "!{0}", "-{0}", "({0} in {1})", "({0} ? {1} : {0})", "{0}[{1}]", "{0}.lines",
    "{0}.__subclasses__()", "{0}.map(x, {1})", "{0}.filter(x, x == {1})", "{0}.exists(x, {1})", "{0}.all(x, {1})",
    "size({0})", "money({0}, {1})", "date({0})", "upper({0})", "string({0})", "int({0})", "{0}.matches({1})",
    "{0}.startsWith({1})", "[{0}, {1}]", "{{'k': {0}, 'l': {1}}}", "getattr({0}, {1})", "{0}.format({1})",
    "has({0}.id)", "eval({0})", "open({0})", "timestamp({0})", "duration({0})", "bytes({0})", "{0}.{1}",
]  # fmt: skip


def program(dice: random.Random) -> str:
    """A soup of words, or something that looks as if somebody meant it."""
    if dice.random() < 0.4:
        return "".join(dice.choice(WORDS) + dice.choice(["", " "]) for _ in range(dice.randrange(1, 25)))

    def grown(depth: int) -> str:
        if depth == 0 or dice.random() < 0.2:
            return dice.choice(LEAVES)
        return dice.choice(FORMS).format(grown(depth - 1), grown(depth - 1))

    return grown(dice.randrange(1, 5))


class Watch:
    """What the interpreter is asked to do while programs run: an escape opens, imports or starts something."""

    def __init__(self) -> None:
        self.on = False
        self.seen: set[str] = set()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[Any, ...]) -> None:
        if self.on:
            self.seen.add(event)

    def processor_time(self, source: str, scope: Scope) -> float:
        """Seconds that compiling and running took; the program ends in JSON or in an error of ours."""
        self.on, started = True, time.thread_time()
        try:
            result = conditions.evaluate(conditions.compile.__wrapped__(source), scope)
            orjson.dumps(result)
        except Invalid as error:
            assert error.code in ("expression_invalid", "expression_failed", "expression_too_costly"), source  # noqa: PT017
        finally:
            self.on = False
        return time.thread_time() - started


def test_random_programs_end_in_json_or_a_clear_error_within_their_budget_and_do_nothing_else() -> None:
    seed = int(os.environ.get("TRIAL_SEED", "7"))
    dice, watch, slowest = random.Random(seed), Watch(), 0.0
    scope = Scope({**SCOPE.data, "many": list(range(40))})
    watch.on = True
    Path(os.devnull).open().close()
    assert "open" in watch.seen, "what is asked of the machine is heard"
    watch.processor_time("1", scope)
    watch.seen.clear()
    for number in range(PROGRAMS):
        source = program(dice)
        took = watch.processor_time(source, scope)
        if took > BUDGET:  # the machine may have been at something else, such as collecting what is not used any more
            took = min(watch.processor_time(source, scope) for _ in range(5))
        assert took <= BUDGET, (seed, number, source, took)
        assert not watch.seen, (seed, number, source, watch.seen)
        slowest = max(slowest, took)
    print(f"seed {seed}: {PROGRAMS} programs, 0 escapes, the slowest {slowest * 1000:.1f} ms")
