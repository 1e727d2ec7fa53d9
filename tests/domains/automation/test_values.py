"""`${…}` in texts."""

from __future__ import annotations

from typing import Any

import pytest

from tillwright.domains.automation import values
from tillwright.domains.automation.conditions import Scope
from tillwright.kit.errors import Invalid

SCOPE = Scope({"object": {"id": "in_1", "amount": 2900, "name": None, "rate": 15.0, "lines": [1, 2]}, "steps": {}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${object.amount}", 2900),
        ("${object.lines}", [1, 2]),
        ("${object.name}", None),
        ("a ${object.amount} b ${object.id}", "a 2900 b in_1"),
        ("Hello ${object.name}!", "Hello !"),
        ("${object.rate} % off", "15 % off"),
        ("costs $${object.amount}", "costs ${object.amount}"),
        ("${'}' + object.id}", "}in_1"),
        ("${{'a': 1}['a']}", 1),
        ("${'it\\'s }' + 'x'}", "it's }x"),
        ("$5 and ${object.amount == 2900}", "$5 and true"),
        ("${ object.amount }${object.amount}", "29002900"),
    ],
)
def test_filling(text: str, expected: Any) -> None:
    assert values.fill(text, SCOPE) == expected


def test_a_tree_is_filled_and_other_values_stay() -> None:
    tree = {"a": ["${object.id}", 1, None, True], "b": {"c": "x ${object.amount}"}}
    assert values.fill(tree, SCOPE) == {"a": ["in_1", 1, None, True], "b": {"c": "x 2900"}}


def test_what_is_filled_in_is_not_read_again() -> None:
    scope = Scope({"object": {"name": "${object.secret}", "secret": "no"}})
    assert values.fill("Hello ${object.name}", scope) == "Hello ${object.secret}"


@pytest.mark.parametrize(
    ("text", "part"),
    [("${object.id", "not closed"), ("x ${object.lines}", "list"), ("${object.nope}", "no field"), ("${}", "empty")],
)
def test_what_can_not_be_filled(text: str, part: str) -> None:
    with pytest.raises(Invalid, match=part):
        values.fill(text, SCOPE)


def test_texts_are_found_with_their_way() -> None:
    tree = {"a": ["x", {"b": "y"}], "c": 1}
    assert list(values.texts(tree)) == [(("a", 0), "x"), (("a", 1, "b"), "y")]
